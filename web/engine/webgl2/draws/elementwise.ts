// Draws that compute every value on its own.

import type { Operation } from '../../graph/ir/operation.ts';
import type { Draw } from './draw.ts';
import point from './elementwise.glsl?raw';
import { Shader } from './shader.ts';
import type { Layouts } from './texture-layout.ts';

/** What an operation has in common with all that read tensors. */
export function reading(
  layouts: Layouts,
  operation: Operation,
  target: 'values' | 'canvas' = 'values',
): Shader {
  const shader = new Shader(layouts, operation, target);
  shader.readInputs();
  return shader;
}

/** `make(n, y, x, c)` gives a value before its epilogue. */
export const makeCode = (body: string): string => `vec4 make(int n, int y, int x, int c) {\n${body}\n}`;

/** `make` is called for every value on its own. */
export function pointDraw(shader: Shader, make: string): Draw {
  return shader.draw(`${make}\n${point}`);
}
