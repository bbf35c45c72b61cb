// Element-wise draws: they compute every value on its own.

import type { Operation } from '../../graph/ir/operation.ts';
import type { Draw } from './draw.ts';
import elementwise from './elementwise.glsl?raw';
import { ShaderBuilder } from './shader.ts';
import type { TextureLayouts } from './texture-layout.ts';

/** Starts a shader that reads the operation's inputs. */
export function startShader(
  layouts: TextureLayouts,
  operation: Operation,
  target: 'values' | 'canvas' = 'values',
): ShaderBuilder {
  const shader = new ShaderBuilder(layouts, operation, target);
  shader.readInputs();
  return shader;
}

/** `make(n, y, x, c)` returns a value before its epilogue. */
export const makeCode = (body: string): string => `vec4 make(int n, int y, int x, int c) {\n${body}\n}`;

/** Calls `make` for every value. */
export function elementwiseDraw(shader: ShaderBuilder, make: string): Draw {
  return shader.draw(`${make}\n${elementwise}`);
}
