// Packs tensors from ONNX's order (N, C, H, W) to the GPU's (N, H, W, blocks of four channels).
import { channelBlocks, LANES, type Tensor } from '../../graph/ir/tensor.ts';

/** Calls `each` with the indices of every element in both orders. */
export function forEachElement(
  tensor: Tensor,
  stride: number,
  offset: number,
  each: (onnx: number, gpu: number) => void,
): void {
  const [n, c, h, w] = tensor.shape;
  let onnx = 0;
  for (let image = 0; image < n; image++) {
    for (let channel = 0; channel < c; channel++) {
      const lane = (offset + (channel >> 2)) * LANES + (channel & 3);
      for (let pixel = 0; pixel < h * w; pixel++)
        each(onnx++, (image * h * w + pixel) * stride * LANES + lane);
    }
  }
}

export function packNhwc4(tensor: Tensor, values: Float32Array): Float32Array<ArrayBuffer> {
  const [n, , h, w] = tensor.shape;
  const packed = new Float32Array(n * h * w * channelBlocks(tensor) * LANES);
  forEachElement(tensor, channelBlocks(tensor), 0, (onnx, gpu) => {
    packed[gpu] = values[onnx] ?? 0;
  });
  return packed;
}
