// Compiles a step to its draw: a .glsl file, the code before it, and its bindings.

import { EngineError } from '../../error.ts';
import type { FrameInput, Resample } from '../../graph/ir/operation.ts';
import { LANES, type Tensor } from '../../graph/ir/tensor.ts';
import { compileConvolution } from './conv.ts';
import type { Draw } from './draw.ts';
import elementwise from './elementwise.glsl?raw';
import { elementwiseDraw, makeCode, startShader } from './elementwise.ts';
import frameSource from './frame-source.glsl?raw';
import resample from './resample.glsl?raw';
import { ShaderBuilder } from './shader.ts';
import type { DrawStep } from './step.ts';
import type { GpuLimits, TextureLayouts } from './texture-layout.ts';

/** Null for steps that our own looks do not have; extended.ts compiles them. */
export function compile(layouts: TextureLayouts, step: DrawStep, limits: GpuLimits): Draw | null {
  switch (step.kind) {
    case 'convolution':
      return compileConvolution(startShader(layouts, step), step, limits);
    case 'resample':
      return compileResample(startShader(layouts, step), step);
    case 'elementwise':
      return elementwiseDraw(startShader(layouts, step), makeCode('  return vec4(0);'));
    default:
      return null;
  }
}

/** The picture, from a frame. */
export function compileFrameInput(layouts: TextureLayouts, source: FrameInput): Draw {
  const shader = new ShaderBuilder(layouts, source);
  shader.sample('frame', { kind: 'frame' }, 'sampler2D');
  shader.uniform('vec4 crop');
  shader.uniform('int taps');
  return shader.draw(`${frameSource}\n${elementwise}`);
}

/** The picture, from an array in the frame's place. */
export function compileArrayInput(layouts: TextureLayouts, source: FrameInput, picture: Tensor): Draw {
  const shader = startShader(layouts, { ...source, inputs: [picture] });
  return elementwiseDraw(shader, makeCode('  return read_0(n, y, x, c);'));
}

/** Copies a tensor to the canvas. */
export function compileCanvasCopy(layouts: TextureLayouts, tensor: Tensor): Draw {
  const epilogue = { kind: 'input', index: 0 } as const;
  const step = {
    kind: 'elementwise',
    name: `show ${tensor.name}`,
    inputs: [tensor],
    output: tensor,
    epilogue,
  } as const;
  return elementwiseDraw(startShader(layouts, step, 'canvas'), makeCode('  return vec4(0);'));
}

function compileResample(shader: ShaderBuilder, operation: Resample): Draw {
  const { left, right, name, output } = operation;
  const band = left ?? right;
  if (!band) throw new EngineError(`Node '${name}' has no matrix.`);
  const width = 1 + Math.ceil(band.width / 4);
  const fill = (target: ArrayBuffer) => {
    const floats = new Float32Array(target);
    for (let row = 0; row < band.rows; row++) {
      const at = row * width * LANES;
      floats[at] = band.starts[row] ?? 0;
      floats.set(band.weights.subarray(row * band.width, (row + 1) * band.width), at + LANES);
    }
  };
  const bytes = width * band.rows * 16;
  const layout = `matrix of ${output.name}`;
  shader.table('bands', {
    label: name,
    owner: band,
    layout,
    bytes,
    fill,
    numbers: 'float',
    width,
    height: band.rows,
  });
  shader.add(`#define BAND ${shader.size(band.width, right ? 1 : 0)}`);
  return elementwiseDraw(shader, resample);
}
