// Splits the operations of a training step into draws.

import { binary, constant, type Expression, input, rewrite, VALUE } from '../../graph/ir/expression.ts';
import type { ConvWeightGradient, CrossEntropy, Operation, SumOfParts } from '../../graph/ir/operation.ts';
import { productOf } from '../../graph/ir/strides.ts';
import { LANES, makeTensor, type Tensor } from '../../graph/ir/tensor.ts';
import { splitPasses } from './passes.ts';
import type { DrawStep, DrawSteps, TrainingDrawStep } from './step.ts';

import type { GpuLimits } from './texture-layout.ts';
import { sumsOf, tileWeights } from './weight-tiles.ts';

/** The inputs of an epilogue, counted from another one on. */
const shiftInputs = (tree: Expression | null, by: number): Expression | null =>
  tree && rewrite(tree, leaf => (leaf.kind === 'input' ? input(leaf.index + by) : leaf));

/** The sum of the parts takes the place of the operation that adds them up, if there is one. */
function weightGradientPasses(
  operation: ConvWeightGradient,
  sum: SumOfParts | undefined,
  limits: GpuLimits,
  isSoftware: boolean,
): DrawSteps<TrainingDrawStep> {
  const { name, inputs } = operation;
  const whole = sum?.output ?? operation.output;
  const shape: ConvWeightGradient = { ...operation, output: operation.flat ? operation.output : whole };
  const tiling = tileWeights(shape, limits, isSoftware);
  const dims = [tiling.all * tiling.parts, LANES * sumsOf(tiling.tile), 1, 1];
  const products = makeTensor(`${whole.name} products`, dims);
  const others = sum ? sum.inputs.slice(1) : inputs.slice(2);
  const epilogue = sum ? sum.epilogue : shiftInputs(operation.epilogue, -1);
  const common = { name, operation: shape, tiling };
  return {
    temporaries: [products],
    steps: [
      { ...common, kind: 'weightProducts', inputs: inputs.slice(0, 2), output: products, epilogue: null },
      { ...common, kind: 'sumOfProducts', inputs: [products, ...others], output: whole, epilogue },
    ],
  };
}

/** The loss of each pixel, and then their mean. */
async function lossPasses(operation: CrossEntropy): Promise<DrawSteps> {
  const { name, inputs, output, epilogue } = operation;
  const [n, , h, w] = (inputs[0] ?? output).shape;
  const each = makeTensor(`${output.name} of pixels`, [n, 1, h, w]);
  const mean = binary('mul', VALUE, constant(1 / productOf([n, h, w])));
  const whole = rewrite(epilogue ?? VALUE, leaf => (leaf.kind === 'value' ? mean : leaf));
  const { steps, temporaries } = await splitPasses([
    {
      kind: 'reduce',
      name,
      how: 'sum',
      axes: [true, true, true, true],
      inputs: [each, ...inputs.slice(2)],
      output,
      epilogue: shiftInputs(whole, -1),
    },
  ]);
  const pixels: DrawStep = { ...operation, inputs: inputs.slice(0, 2), output: each, epilogue: null };
  return { steps: [pixels, ...steps], temporaries: [each, ...temporaries] };
}

export async function splitTrainingPasses(
  operations: readonly Operation[],
  limits: GpuLimits,
  isSoftware: boolean,
): Promise<DrawSteps<TrainingDrawStep>> {
  const sums = new Map<Tensor | undefined, SumOfParts>();
  for (const one of operations) if (one.kind === 'sumOfParts') sums.set(one.inputs[0], one);
  const replaced = new Set<Operation>();
  const steps: TrainingDrawStep[] = [];
  const temporaries: Tensor[] = [];
  for (const operation of operations) {
    if (replaced.has(operation)) continue;
    let made: DrawSteps<TrainingDrawStep>;
    if (operation.kind === 'convWeightGradient' && operation.group === 1) {
      const sum = operation.flat ? undefined : sums.get(operation.output);
      if (sum) replaced.add(sum);
      made = weightGradientPasses(operation, sum, limits, isSoftware);
    } else if (operation.kind === 'crossEntropy' && !operation.gradient) {
      made = await lossPasses(operation);
    } else made = await splitPasses([operation]);
    steps.push(...made.steps);
    temporaries.push(...made.temporaries);
  }
  return { steps, temporaries };
}
