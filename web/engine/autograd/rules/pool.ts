// The gradient of max pooling goes to the largest element of each window, the first of several.

import { readWindow } from '../../graph/lowering/pool.ts';
import { DOMAIN, int, ints } from '../../onnx/node-writer.ts';
import type { Rule } from './backward-node.ts';

const maxPool: Rule = (node, [gradient]) => {
  if (!gradient) return [];
  const { writer, inputs } = node;
  return [
    () => {
      const dims = node.dims(0);
      const line = dims.length === 3;
      const { kernel, strides, dilations, before, after } = readWindow(
        node.reader,
        [line ? 1 : (dims.at(-2) ?? 1), dims.at(-1) ?? 1],
        line,
      );
      const own = (pair: readonly number[]): number[] => (line ? pair.slice(1) : [...pair]);
      const attributes = {
        kernel_shape: ints(own(kernel)),
        strides: ints(own(strides)),
        dilations: ints(own(dilations)),
        pads: ints([...own(before), ...own(after)]),
        ceil_mode: int(node.reader.int('ceil_mode', 0)),
        input_shape: ints(dims),
      };
      return writer.add('MaxPoolGradient', [inputs[0] ?? '', gradient], attributes, DOMAIN);
    },
  ];
};

export const POOL: Readonly<Record<string, Rule>> = { MaxPool: maxPool };
