// A tiny look for tests that do not depend on the network, so that they need not wait for its kernels. The painting
// is contrast * picture + brightness; the guide is the picture.

import { graphOf, message, model, node, tensor, text, value } from './onnx.ts';

export const TINY_PIXELS = 64;

export function tinyLook(): Uint8Array {
  const picture = [1, 3, TINY_PIXELS, TINY_PIXELS];
  const live = {
    brightness: { label: 'Brightness', min: -1, max: 1, default: 0 },
    contrast: { label: 'Contrast', min: 0, max: 2, default: 1 },
  };
  const graph = graphOf({
    nodes: [
      node('Mul', ['image', 'contrast'], ['scaled'], {}),
      node('Add', ['scaled', 'brightness'], ['painting'], {}),
      node('Relu', ['image'], ['guide'], {}),
    ],
    constants: [
      tensor('brightness', [], Float32Array.of(live.brightness.default)),
      tensor('contrast', [], Float32Array.of(live.contrast.default)),
    ],
    inputs: [value('image', picture), value('brightness', []), value('contrast', [])],
    outputs: [value('painting', picture), value('guide', picture)],
  });
  const property = message(14, [...text(1, 'limner.live'), ...text(2, JSON.stringify(live))]);
  return Uint8Array.from([...model(graph), ...property]);
}
