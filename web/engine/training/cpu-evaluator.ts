// Computes a model on the CPU while it learns elsewhere: what it answers, and any value between its layers. It is a program of
// the CPU backend that has no updates, so the worker is the same.

import { EngineError } from '../error.ts';
import { lower } from '../graph/lowering/lower.ts';
import { TRAINING } from '../graph/lowering/training.ts';
import { floats } from '../onnx/constant.ts';
import { bindDims } from '../onnx/free-dims.ts';
import type { OnnxModel } from '../onnx/model.ts';
import { floatValue } from '../onnx/node-writer.ts';
import type { Tensors } from './backend.ts';
import { withBatchSize } from './batch.ts';
import { compact, connect } from './cpu-backend.ts';
import type { Reply, Request } from './cpu-protocol.ts';
import { findParameters, findStatistics, withFloatWeights } from './parameters.ts';

export interface EvaluatorOptions {
  /** How many examples a run has. */
  readonly batch: number;
  /** Names of the values that a run gives: outputs, or any between. Default: the model's outputs. */
  readonly watch?: readonly string[];
  /** Names of the constants that may change. Default: those that a trainer learns, and running statistics. */
  readonly weights?: readonly string[];
}

export interface Evaluator {
  /** The values that are watched, in ONNX's order, for arrays by the names of the model's inputs. Weights, by their names,
   * hold until others come. */
  run(inputs: Tensors, weights?: Tensors): Promise<Tensors>;
  destroy(): void;
}

export async function makeEvaluator(
  given: OnnxModel,
  { batch, watch, weights }: EvaluatorOptions,
): Promise<Evaluator> {
  const model = await withFloatWeights(bindDims(withBatchSize(given, batch), {}, false));
  const names = watch ?? model.outputs.map(({ name }) => name);
  const changing = (weights ?? [...findParameters(model), ...findStatistics(model)]).map(name => {
    const constant = model.constants.get(name);
    if (!constant) throw new EngineError(`The model has no constant '${name}'.`);
    return constant;
  });
  const isChanging = new Set(changing.map(({ name }) => name));
  const graph = await lower(
    {
      ...model,
      constants: new Map([...model.constants].filter(([name]) => !isChanging.has(name))),
      inputs: [...model.inputs, ...changing.map(({ name, dims }) => floatValue(name, dims))],
      outputs: names.map(name => floatValue(name, null)),
    },
    TRAINING,
  );
  let lost = '';
  const connection = await connect(reason => {
    lost = reason;
  });
  const ask = async (request: Request): Promise<Reply> => {
    if (lost) throw new EngineError(lost);
    const reply = await connection.request(request);
    if (reply.kind === 'failed') throw new EngineError(reply.reason);
    return reply;
  };
  // Without updates, the loss of a step is any value.
  const program = { graph, loss: names[0] ?? '', updates: [], statistics: [], scalars: 0 };
  await ask({ kind: 'start', program });
  await ask({ kind: 'write', state: new Map(changing.map(one => [one.name, floats(one).slice()])) });
  return {
    run: async (inputs, changed) => {
      if (changed) await ask({ kind: 'write', state: compact(changed) });
      await ask({ kind: 'step', inputs: compact(inputs), scalars: [] });
      const reply = await ask({ kind: 'read', names });
      return reply.kind === 'state' ? reply.state : new Map();
    },
    destroy: () => connection.close(),
  };
}
