// The kernels that copy a training's state into what other kernels read: weights of convolutions, packed
// (`lowering/learned-weights.ts`), also as sums, and the whole state as halves.

import { ROW } from './kernel.ts';
import narrowState from './narrow-state.wgsl?raw';
import packSums from './pack-sums.wgsl?raw';
import packWeights from './pack-weights.wgsl?raw';
import { BLOCK_CODE } from './precision.ts';

/** Bindings: state, positions, packed. */
export const packWeightsCode = (): string => `const ROW = ${ROW}u;\n${packWeights}`;

/** Bindings: state, terms, packed. */
export const packSumsCode = (): string => `const ROW = ${ROW}u;\n${packSums}`;

/** Bindings: state, narrowed. */
export const narrowStateCode = (): string => `const ROW = ${ROW}u;\n${BLOCK_CODE.float16}\n${narrowState}`;
