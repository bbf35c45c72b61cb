// The engines of others on the same GPUs: what they dispatch for a painting is captured (captures.ts), compiled by
// the same compilers and estimated by the same rules.

import type { LoopCounts } from './assembly.ts';
import { type Captured, capture, type EngineKey, forEngines, type Layer } from './captures.ts';
import { READERS } from './compiled.ts';
import { compileOn } from './compiler.ts';
import type { RatedDevice } from './devices.ts';
import { type Dispatch, threadsOf } from './dispatch.ts';
import { estimateMs } from './estimate.ts';

interface Engine {
  readonly name: string;
  readonly precision: 'float16' | 'float32';
  /** Whether a dispatch computes a convolution; `previous` are the two before it. */
  isConvolution(dispatch: Captured, previous: readonly Captured[]): boolean;
}

export const ENGINES = {
  tfjs: {
    name: 'TensorFlow.js',
    precision: 'float32',
    // Small images become matrices first.
    isConvolution: ({ label }, previous) =>
      label.startsWith('Conv2D') ||
      (label.startsWith('MatMul') && previous.some(one => one.label.startsWith('Im2Col'))),
  },
  onnxruntime: {
    name: 'ONNX Runtime',
    precision: 'float16',
    isConvolution: ({ code }) => /var<storage, read> w: array/.test(code),
  },
  litert: {
    name: 'LiteRT',
    precision: 'float16',
    // The guide's matrix products have weights, too; they come first.
    isConvolution: ({ code }) => /\bweights/.test(code),
  },
} as const satisfies Record<EngineKey, Engine>;

export interface RivalLayer {
  readonly multiplyAdds: number;
  readonly registers: number;
  readonly spills: number;
  readonly ms: number;
}

export interface RivalFrame {
  readonly ms: number;
  readonly dispatches: number;
  readonly layers: readonly RivalLayer[];
}

/** The frames of a look by engine; null where an engine cannot run the look on a GPU. */
export type RivalFrames = Readonly<Record<EngineKey, RivalFrame | null>>;

/** The frames of all engines, by the name of the look. `files` has the looks' paths, `folder` is what setup.sh made. */
export function measureRivals(
  device: RatedDevice,
  files: ReadonlyMap<string, string>,
  folder: string,
): Map<string, RivalFrames> {
  const frames = [...files].map(([look, file]) => {
    const { layers, engines } = capture(device, file, folder);
    return {
      look,
      dispatches: forEngines(key => describe(key, engines[key], layers, `${look} on ${device.name}`)),
    };
  });
  const all = frames.flatMap(({ dispatches }) => Object.values(dispatches).flatMap(one => one ?? []));
  const compiledOf = compileOn(device, folder, all);
  const reader = READERS[device.vendor];
  const frameOf = (dispatches: readonly Dispatch[] | null): RivalFrame | null => {
    if (!dispatches) return null;
    const results = dispatches.map(dispatch => {
      const compiled = compiledOf(dispatch);
      const loop = reader.countLoop(compiled);
      return {
        multiplyAdds: dispatch.multiplyAdds,
        registers: reader.registers(compiled),
        spills: reader.spills(compiled),
        ms: estimateMs(device, dispatch, compiled, loop, fewestRounds(dispatch, loop)),
      };
    });
    return {
      ms: results.reduce((sum, { ms }) => sum + ms, 0),
      dispatches: results.length,
      layers: results.filter(({ multiplyAdds }) => multiplyAdds > 0),
    };
  };
  return new Map(frames.map(({ look, dispatches }) => [look, forEngines(key => frameOf(dispatches[key]))]));
}

/** Times that a thread goes through its loop if no product of any thread is in vain; null without products. */
const fewestRounds = (dispatch: Dispatch, { products }: LoopCounts): number | null =>
  dispatch.multiplyAdds > 0 && products > 0
    ? Math.ceil(dispatch.multiplyAdds / (dispatch.workgroups * threadsOf(dispatch) * products))
    : null;

/** The dispatches with their multiply-adds: each convolution of the network is one dispatch, in the network's order. */
function describe(
  key: EngineKey,
  captured: readonly Captured[] | null,
  layers: readonly Layer[],
  where: string,
): Dispatch[] | null {
  if (!captured) return null;
  const engine: Engine = ENGINES[key];
  const found = captured.flatMap((one, i) =>
    engine.isConvolution(one, captured.slice(Math.max(0, i - 2), i)) ? [i] : [],
  );
  const places = found.slice(-layers.length);
  const multiplyAdds = new Map(places.map((place, i) => [place, layers[i]?.multiplyAdds ?? 0]));
  const valueBytes = engine.precision === 'float16' ? 2 : 4;
  const isRead = ({ weights }: Layer, i: number) =>
    sum(captured[places[i] ?? 0]?.bytes ?? []) >= weights * valueBytes;
  if (places.length < layers.length || !layers.every(isRead))
    throw new Error(`The convolutions of ${engine.name} were not all found: ${where}.`);
  return captured.map(({ bytes, ...kernel }, i) => ({
    ...kernel,
    bytes: sum(bytes),
    multiplyAdds: multiplyAdds.get(i) ?? 0,
  }));
}

const sum = (values: readonly number[]): number => values.reduce((total, value) => total + value, 0);
