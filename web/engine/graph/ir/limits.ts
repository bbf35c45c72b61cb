// Limits that lowering and the passes share.

/** Tensors that a kernel may read. With its output and its constants per channel they are 8 storage buffers, WebGPU's
 * guaranteed limit. Fusion stops before, and sums of more tensors are lowered in parts. Only concatenations exceed
 * it, and files that give an operator more inputs than it takes. */
export const MAX_READ_TENSORS = 6;
