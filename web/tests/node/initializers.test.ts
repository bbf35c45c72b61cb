// Initial values, against torch's for the same seeds.

import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { type Constant, constantOf, floats } from '../../engine/onnx/constant.ts';
import { bindDims } from '../../engine/onnx/free-dims.ts';
import { readModel } from '../../engine/onnx/model.ts';
import { TorchGenerator } from '../../engine/training/generator.ts';
import { type InitializerName, initialize } from '../../engine/training/initialize.ts';
import {
  type Initializer,
  kaimingNormal,
  kaimingUniform,
  normal,
  uniform,
  xavierNormal,
  xavierUniform,
} from '../../engine/training/initializers.ts';
import { findParameters, withFloatWeights } from '../../engine/training/parameters.ts';
import { CACHE } from '../cases.ts';

interface TensorCase {
  readonly name: string;
  readonly options: readonly number[];
  readonly seed: number;
  readonly dims: readonly number[];
  readonly file: string;
}

interface ModuleCase {
  readonly file: string;
  readonly seed: number;
  /** An initializer and its option; none for the modules' own. */
  readonly weights: readonly [name: string, option?: number] | [];
}

const { tensors, modules }: { tensors: TensorCase[]; modules: ModuleCase[] } = JSON.parse(
  readFileSync(`${CACHE}/initializers.json`, 'utf8'),
);
const read = (file: string): Float32Array => {
  const bytes = readFileSync(`${CACHE}/${file}`);
  return new Float32Array(bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.length));
};
const INITIALIZERS: Record<string, (...options: number[]) => Initializer> = {
  kaimingNormal,
  kaimingUniform,
  normal,
  uniform,
  xavierNormal: () => xavierNormal,
  xavierUniform: () => xavierUniform,
};

function difference(made: Float32Array, expected: Float32Array): number {
  expect(made.length).toBe(expected.length);
  const apart = expected.map((value, i) => Math.abs(value - (made[i] ?? Number.NaN)));
  return apart.reduce((most, value) => (value <= most ? most : value), 0);
}

test('the generator is the Mersenne Twister', () => {
  const generator = new TorchGenerator(5489);
  const draws = Array.from({ length: 10_000 }, () => generator.draw());
  // The first and the ten thousandth of the seed 5489, as in the C++ standard (26.6.6).
  expect([draws[0], draws[9999]]).toEqual([3499211612, 4123659995]);
});

describe('draws are those of torch', () => {
  test.each(tensors)('$name $options of $dims, seed $seed', ({ name, options, seed, dims, file }) => {
    const generator = new TorchGenerator(seed);
    const make = INITIALIZERS[name]?.(...options);
    const drawn = [0, 1].flatMap(() => Array.from(make?.(generator, dims) ?? []));
    expect(difference(Float32Array.from(drawn), read(file))).toBeLessThan(1e-7);
  });
});

describe('a model begins as the module that torch builds', () => {
  test.each(modules)('$file', async ({ file, seed, weights }) => {
    const dims = { batch: 2 };
    const model = readModel(readFileSync(`${CACHE}/${file}.onnx`));
    const built = await withFloatWeights(bindDims(model, dims, false));
    const cleared = new Map([...built.constants].map(([name, one]) => [name, withoutValues(one)]));
    const [name, option] = weights;
    const initializer = option === undefined ? name : INITIALIZERS[name ?? '']?.(option);
    const options = {
      seed,
      dims,
      ...(initializer && { weights: initializer as InitializerName | Initializer }),
    };
    const made = await initialize({ ...built, inputs: model.inputs, constants: cleared }, options);
    expect(made.inputs).toEqual(model.inputs);
    const statistics = built.nodes
      .filter(({ op }) => op === 'BatchNormalization')
      .flatMap(({ inputs }) => inputs.slice(3));
    for (const key of [...findParameters(built), ...statistics]) {
      const [own, expected] = [made.constants.get(key), built.constants.get(key)];
      if (!own || !expected) throw new Error(`No ${key}.`);
      expect(own.dims).toEqual(expected.dims);
      expect(difference(floats(own), floats(expected)), key).toBeLessThan(1e-7);
    }
    const other = await initialize(built, { ...options, seed: seed + 1 });
    const [first = ''] = findParameters(built);
    expect(other.constants.get(first)?.bytes).not.toEqual(built.constants.get(first)?.bytes);
  });
});

/** The same constant with other values, if it is of floats. */
function withoutValues(constant: Constant): Constant {
  if (constant.type !== 'float32') return constant;
  return constantOf(
    constant.name,
    constant.dims,
    floats(constant).map(() => 0.5),
  );
}
