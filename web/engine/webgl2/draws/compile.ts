// From a step of the plan to its draw: which .glsl file, with what before it, bound to what.

import { edgeCode } from '../../codegen/movement-code.ts';
import { EngineError } from '../../error.ts';
import type { FrameInput, Resample } from '../../graph/ir/operation.ts';
import { LANES, type Tensor } from '../../graph/ir/tensor.ts';
import { compileConvolution } from './conv.ts';
import type { Draw } from './draw.ts';
import point from './elementwise.glsl?raw';
import { makeCode, pointDraw, reading } from './elementwise.ts';
import camera from './frame-source.glsl?raw';
import { GLSL } from './glsl-math.ts';
import resample from './resample.glsl?raw';
import { Shader } from './shader.ts';
import type { Step } from './step.ts';
import type { Layouts, Limits } from './texture-layout.ts';

/** Null for what looks of our own do without: extended.ts has it. */
export function compile(layouts: Layouts, step: Step, limits: Limits): Draw | null {
  switch (step.kind) {
    case 'convolution':
      return compileConvolution(reading(layouts, step), step, limits);
    case 'resample':
      return compileResample(reading(layouts, step), step);
    case 'elementwise':
      return pointDraw(reading(layouts, step), makeCode('  return vec4(0);'));
    case 'movement':
      if (step.map.kind !== 'extend' || step.map.mode !== 'edge') return null;
      return pointDraw(reading(layouts, step), makeCode(edgeCode(GLSL, step.map.before)));
    default:
      return null;
  }
}

/** The picture, from a frame. */
export function compileSource(layouts: Layouts, source: FrameInput): Draw {
  const shader = new Shader(layouts, source);
  shader.sample('frame', { kind: 'frame' }, 'sampler2D');
  shader.uniform('vec4 crop');
  shader.uniform('int taps');
  return shader.draw(`${camera}\n${point}`);
}

/** The picture, from a tensor in the frame's place. */
export function compilePicture(layouts: Layouts, source: FrameInput, picture: Tensor): Draw {
  const shader = reading(layouts, { ...source, inputs: [picture] });
  return pointDraw(shader, makeCode('  return read_0(n, y, x, c);'));
}

/** A copy of a tensor on the canvas. */
export function compileShow(layouts: Layouts, tensor: Tensor): Draw {
  const epilogue = { kind: 'input', index: 0 } as const;
  const step = {
    kind: 'elementwise',
    name: `show ${tensor.name}`,
    inputs: [tensor],
    output: tensor,
    epilogue,
  } as const;
  return pointDraw(reading(layouts, step, 'canvas'), makeCode('  return vec4(0);'));
}

function compileResample(shader: Shader, operation: Resample): Draw {
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
  return pointDraw(shader, resample);
}
