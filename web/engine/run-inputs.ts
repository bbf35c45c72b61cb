// Checks the arrays that `run` is given.

import { EngineError } from './error.ts';
import { productOf } from './graph/ir/strides.ts';
import type { Tensor } from './graph/ir/tensor.ts';
import type { Plan } from './graph/passes/plan.ts';

type Arrays = Readonly<Record<string, Float32Array>>;

/** The arrays by input. If inputs were given before (`again`), missing ones keep their values; those of the state always
 * do. */
export function readInputs(plan: Plan, arrays: Arrays, again: boolean): (readonly [Tensor, Float32Array])[] {
  const names = [...plan.inputs, ...plan.live].map(({ name }) => name);
  const unknown = Object.keys(arrays).find(name => !names.includes(name));
  if (unknown !== undefined) {
    throw new EngineError(`There is no input '${unknown}'; there are: ${names.join(', ')}.`);
  }
  return plan.inputs.flatMap(tensor => {
    const values = Object.hasOwn(arrays, tensor.name) ? arrays[tensor.name] : undefined;
    if (!values && (again || tensor.constant)) return [];
    const size = productOf(tensor.shape);
    if (values?.length === size) return [[tensor, values] as const];
    const got = values?.length ?? 'none';
    throw new EngineError(`Input '${tensor.name}' needs ${size} numbers and got ${got}.`);
  });
}

/** The live inputs, with those replaced that are given as arrays of one number. */
export function readLiveInputs(plan: Plan, arrays: Arrays, live: Float32Array): Float32Array<ArrayBuffer> {
  const given = new Float32Array(live);
  plan.live.forEach(({ name }, i) => {
    if (!Object.hasOwn(arrays, name)) return;
    const values = arrays[name];
    const value = values?.length === 1 ? values[0] : undefined;
    if (value === undefined || !Number.isFinite(value))
      throw new EngineError(`Input '${name}' needs one number: Float32Array.of(0.5), for instance.`);
    given[i] = value;
  });
  return given;
}
