// Limits that lowering and the passes share.

/** Tensors that a kernel may be given: with what it writes and constants per channel these are 8 arrays, WebGPU's
 * own limit, which all GPUs have. Fusion stops before, and sums of many are lowered in parts; what is left are
 * joins, and nodes of files that give an operator more than it takes. */
export const MAX_READ_TENSORS = 6;
