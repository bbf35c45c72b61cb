// Every optimizer on WebGL2.

import { createWebgl2Backend } from '../../engine/training/webgl2-backend.ts';
import { testOptimizers } from '../optimizers.ts';

const onLost = (reason: string) => {
  throw new Error(reason);
};

testOptimizers(await (await fetch('/optimizers.json')).json(), (step, optimizer) =>
  createWebgl2Backend(step, optimizer, { onLost }),
);
