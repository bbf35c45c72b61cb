// Draws of a training step besides those that paint. Those that our own looks do not need are in `training-extended.ts`.

import { EngineError } from '../../error.ts';
import { type Expression, visitAll } from '../../graph/ir/expression.ts';
import { compile } from './compile.ts';
import type { Draw } from './draw.ts';
import { elementwiseDraw, makeCode, startShader } from './elementwise.ts';
import { compileExtended } from './extended.ts';
import { compileLearnedConv, type PackedWeights } from './packed-weights.ts';
import type { TrainingDrawStep } from './step.ts';
import type { GpuLimits, TextureLayouts } from './texture-layout.ts';
import { compileSumOfProducts, compileWeightProducts } from './weight-gradient.ts';

/** What few steps need. */
export type RareDraws = typeof import('./training-extended.ts');

const RARE_KINDS: readonly TrainingDrawStep['kind'][] = [
  'computedConvolution',
  'convWeightGradient',
  'crossEntropy',
  'gridSampleGradient',
  'gridSamplePositionGradient',
  'maxPoolGradient',
  'uniformNoise',
];

function hasSines(tree: Expression | null): boolean {
  let has = false;
  if (tree)
    visitAll(tree, node => {
      has ||= 'name' in node && /sin|cos/.test(node.name);
    });
  return has;
}

const isRare = (step: TrainingDrawStep): boolean =>
  RARE_KINDS.includes(step.kind) ||
  ('epilogue' in step && hasSines(step.epilogue)) ||
  (step.kind === 'convolution' && hasSines(step.prologue));

/** Null if no step needs it. */
export const fetchRareDraws = async (steps: readonly TrainingDrawStep[]): Promise<RareDraws | null> =>
  steps.some(isRare) ? import('./training-extended.ts') : null;

/** Learned weights are read from `packed`. */
export function compileTraining(
  layouts: TextureLayouts,
  step: TrainingDrawStep,
  limits: GpuLimits,
  packed: PackedWeights,
  rare: RareDraws | null,
): Draw {
  if (step.kind === 'convolution' && packed.parameters.has(step.weights.bytes))
    return compileLearnedConv(layouts, step, limits, packed);
  const draw = rare?.compileRare(layouts, step) ?? compileStep(layouts, step, limits);
  if (!rare && isRare(step)) throw new EngineError(`The draw of node '${step.name}' was not fetched.`);
  return rare ? { ...draw, code: rare.withExactSines(draw.code) } : draw;
}

function compileStep(layouts: TextureLayouts, step: TrainingDrawStep, limits: GpuLimits): Draw {
  switch (step.kind) {
    case 'weightProducts':
      return compileWeightProducts(layouts, step);
    case 'sumOfProducts':
      return compileSumOfProducts(layouts, step);
    case 'sumOfParts':
      return elementwiseDraw(startShader(layouts, step), makeCode(sumOfParts(step.parts)));
    default:
      return compile(layouts, step, limits) ?? compileExtended(layouts, step);
  }
}

const sumOfParts = (parts: number): string => `  vec4 made = vec4(0);
  for (int part = 0; part < ${parts}; part++) {
    made += read_0(part * sizes[0].x + n, y, x, c);
  }
  return made;`;
