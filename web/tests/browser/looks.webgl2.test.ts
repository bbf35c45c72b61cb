// Complete looks on WebGL2.

import { createWebgl2Painter } from '../../engine/webgl2/painter.ts';
import { compareLooks } from '../looks.ts';

const onLost = (reason: string): never => {
  throw new Error(reason);
};

compareLooks(look => createWebgl2Painter(look, { canvas: null, onLost }));
