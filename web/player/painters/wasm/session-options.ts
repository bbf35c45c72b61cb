/** How ONNX Runtime Web is to run a model. */
import type { InferenceSession } from 'onnxruntime-web';

/**
 * By default the runtime keeps stored weights in their eight bits, and dequantizes them at every painting. A model that
 * quantizes values too, as other programs write them, needs that default: its layers run in eight bits.
 */
export function sessionOptions(model: Uint8Array): InferenceSession.SessionOptions {
  const quantizes = new TextDecoder('latin1').decode(model).includes('QuantizeLinear'); // not DequantizeLinear
  return {
    executionProviders: ['wasm'],
    graphOptimizationLevel: 'all',
    extra: { session: { disable_quant_qdq: quantizes ? '0' : '1' } },
  };
}
