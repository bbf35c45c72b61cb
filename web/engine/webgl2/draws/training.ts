// Draws of a graph that trains: of the steps that only training has, and of all others with exact sines.

import { computedConvCode, convWeightGradientCode } from '../../codegen/computed-conv-code.ts';
import {
  gridSampleGradientCode,
  gridSamplePositionGradientCode,
} from '../../codegen/grid-sample-gradient-code.ts';
import { maxPoolGradientCode } from '../../codegen/max-pool-gradient-code.ts';
import { sineCode } from '../../codegen/sine-code.ts';
import { uniformNoiseCode } from '../../codegen/uniform-noise-code.ts';
import { compile } from './compile.ts';
import { compileCrossEntropy } from './cross-entropy.ts';
import type { Draw } from './draw.ts';
import { elementwiseDraw, makeCode, startShader } from './elementwise.ts';
import { compileExtended } from './extended.ts';
import { GLSL } from './glsl-math.ts';
import { compileWindowGradient, hasWindowDraw } from './max-pool-gradient.ts';
import { compileLearnedConv, type PackedWeights } from './packed-weights.ts';
import type { TrainingDrawStep } from './step.ts';
import type { GpuLimits, TextureLayouts } from './texture-layout.ts';
import { compileSumOfProducts, compileWeightProducts } from './weight-gradient.ts';

/** Learned weights are read from `packed`. */
export function compileTraining(
  layouts: TextureLayouts,
  step: TrainingDrawStep,
  limits: GpuLimits,
  packed: PackedWeights,
): Draw {
  if (step.kind === 'convolution' && packed.parameters.has(step.weights.bytes))
    return compileLearnedConv(layouts, step, limits, packed);
  const draw = compileStep(layouts, step, limits);
  return { ...draw, code: withExactSines(draw.code) };
}

function compileStep(layouts: TextureLayouts, step: TrainingDrawStep, limits: GpuLimits): Draw {
  switch (step.kind) {
    case 'weightProducts':
      return compileWeightProducts(layouts, step);
    case 'sumOfProducts':
      return compileSumOfProducts(layouts, step);
    case 'crossEntropy':
      return compileCrossEntropy(startShader(layouts, step), step);
    case 'computedConvolution':
      return elementwiseDraw(startShader(layouts, step), makeCode(computedConvCode(GLSL, step)));
    case 'convWeightGradient':
      return elementwiseDraw(startShader(layouts, step), makeCode(convWeightGradientCode(GLSL, step)));
    case 'sumOfParts':
      return elementwiseDraw(startShader(layouts, step), makeCode(sumOfParts(step.parts)));
    case 'maxPoolGradient': {
      const isApart = hasWindowDraw(step, layouts.get(step.output));
      const made = isApart ? compileWindowGradient(startShader(layouts, step), step) : null;
      return made ?? elementwiseDraw(startShader(layouts, step), makeCode(maxPoolGradientCode(GLSL, step)));
    }
    case 'gridSampleGradient':
      return elementwiseDraw(startShader(layouts, step), makeCode(gridSampleGradientCode(GLSL, step)));
    case 'gridSamplePositionGradient':
      return elementwiseDraw(
        startShader(layouts, step),
        makeCode(gridSamplePositionGradientCode(GLSL, step)),
      );
    case 'uniformNoise': {
      const shader = startShader(layouts, step);
      shader.add(makeCode(uniformNoiseCode(GLSL, step))); // so that the live inputs that it reads are declared
      return elementwiseDraw(shader, '');
    }
    default:
      return compile(layouts, step, limits) ?? compileExtended(layouts, step);
  }
}

const sumOfParts = (parts: number): string => `  vec4 made = vec4(0);
  for (int part = 0; part < ${parts}; part++) {
    made += read_0(part * sizes[0].x + n, y, x, c);
  }
  return made;`;

const SINES = `
vec4 exact_sin(vec4 x) {
${sineCode(GLSL, 0)}
}
vec4 exact_cos(vec4 x) {
${sineCode(GLSL, 1)}
}`;
const PRECISION = 'precision highp int;';

/** GLSL's own may be wrong by 5e-4, which is too much for gradients. */
function withExactSines(code: string): string {
  const renamed = code.replace(/\b(sin|cos)\(/g, 'exact_$1(');
  return renamed === code ? code : renamed.replace(PRECISION, PRECISION + SINES);
}
