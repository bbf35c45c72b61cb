// Draws that compute every value on its own.

import type { Operation } from '../../graph/ir/operation.ts';
import type { Draw } from './draw.ts';
import elementwise from './elementwise.glsl?raw';
import { ShaderBuilder } from './shader.ts';
import type { TextureLayouts } from './texture-layout.ts';

/** What an operation has in common with all that read tensors. */
export function startShader(
  layouts: TextureLayouts,
  operation: Operation,
  target: 'values' | 'canvas' = 'values',
): ShaderBuilder {
  const shader = new ShaderBuilder(layouts, operation, target);
  shader.readInputs();
  return shader;
}

/** `make(n, y, x, c)` gives a value before its epilogue. */
export const makeCode = (body: string): string => `vec4 make(int n, int y, int x, int c) {\n${body}\n}`;

/** `make` is called for every value on its own. */
export function elementwiseDraw(shader: ShaderBuilder, make: string): Draw {
  return shader.draw(`${make}\n${elementwise}`);
}
