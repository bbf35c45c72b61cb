// Draws of a training step that our own looks do not need. Fetched when a step has one.

import { computedConvCode, convWeightGradientCode } from '../../codegen/computed-conv-code.ts';
import {
  gridSampleGradientCode,
  gridSamplePositionGradientCode,
} from '../../codegen/grid-sample-gradient-code.ts';
import { maxPoolGradientCode } from '../../codegen/max-pool-gradient-code.ts';
import { sineCode } from '../../codegen/sine-code.ts';
import { uniformNoiseCode } from '../../codegen/uniform-noise-code.ts';
import { compileCrossEntropy } from './cross-entropy.ts';
import type { Draw } from './draw.ts';
import { elementwiseDraw, makeCode, startShader } from './elementwise.ts';
import { GLSL } from './glsl-math.ts';
import { compileWindowGradient, hasWindowDraw } from './max-pool-gradient.ts';
import type { TrainingDrawStep } from './step.ts';
import type { TextureLayouts } from './texture-layout.ts';

/** Null for other steps. */
export function compileRare(layouts: TextureLayouts, step: TrainingDrawStep): Draw | null {
  switch (step.kind) {
    case 'crossEntropy':
      return compileCrossEntropy(startShader(layouts, step), step);
    case 'computedConvolution':
      return elementwiseDraw(startShader(layouts, step), makeCode(computedConvCode(GLSL, step)));
    case 'convWeightGradient':
      return elementwiseDraw(startShader(layouts, step), makeCode(convWeightGradientCode(GLSL, step)));
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
      return null;
  }
}

const SINES = `
vec4 exact_sin(vec4 x) {
${sineCode(GLSL, 0)}
}
vec4 exact_cos(vec4 x) {
${sineCode(GLSL, 1)}
}`;
const PRECISION = 'precision highp int;';

/** With sines and cosines of its own: GLSL's may be wrong by 5e-4, which is too much for gradients. */
export function withExactSines(code: string): string {
  const renamed = code.replace(/\b(sin|cos)\(/g, 'exact_$1(');
  return renamed === code ? code : renamed.replace(PRECISION, PRECISION + SINES);
}
