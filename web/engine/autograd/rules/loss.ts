// The gradient of softmax cross-entropy by the logits. Targets are numbers of classes and have none.

import { DOMAIN, ints } from '../../onnx/node-writer.ts';
import type { Rule } from './backward-node.ts';

const crossEntropy: Rule = (node, [gradient]) => {
  if (!gradient) return [];
  const { writer, inputs } = node;
  return [
    () => {
      const input_shape = ints(node.dims(0));
      return writer.times(gradient, writer.add('CrossEntropyGradient', inputs, { input_shape }, DOMAIN));
    },
    null,
  ];
};

export const LOSS: Readonly<Record<string, Rule>> = { CrossEntropy: crossEntropy };
