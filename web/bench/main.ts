import { Bench, QUICK } from './bench.ts';
import { sceneVideo } from './picture.ts';
import { RIVAL_NAMES } from './rivals/index.ts';

Object.assign(window, {
  go: (look: never, rivals: never, plan: object) =>
    new Bench({ rivals: rivals ?? RIVAL_NAMES, ...QUICK, ...plan }, sceneVideo(true), document.body, p =>
      console.log(JSON.stringify(p)),
    ).measure(look, new AbortController().signal),
});
