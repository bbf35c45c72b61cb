// Gradients of operators that move elements and that our own looks do not use.

import { productOf } from '../../graph/ir/strides.ts';
import { readGather, readSplit } from '../../graph/lowering/movement-foreign.ts';
import { int, text } from '../../onnx/node-writer.ts';
import type { Rule } from './backward-node.ts';
import { moving, reshaped, unpick } from './movement.ts';

const gather = moving((node, dy) => {
  const { writer } = node;
  const dims = node.dims(0);
  const { axis, indices } = readGather(node.reader);
  const [outer, inner] = [productOf(dims.slice(0, axis)), productOf(dims.slice(axis + 1))];
  const rows = writer.reshape(dy, [outer, indices.length, inner]);
  return writer.reshape(unpick(node, rows, [outer, dims[axis] ?? 1, inner], 1, indices), dims);
});

const split: Rule = (node, gradients) => {
  const { writer } = node;
  const { axis, sizes } = readSplit(node.reader);
  const dims = node.dims(0);
  if (gradients.every(gradient => gradient === null)) return [];
  return [
    () => {
      const parts = sizes.map(
        (size, i) => gradients[i] ?? writer.zeros(dims.map((dim, d) => (d === axis ? size : dim))),
      );
      return writer.add('Concat', parts, { axis: int(axis) });
    },
  ];
};

const depthToSpace = moving((node, dy) => {
  const { writer, reader } = node;
  const block = reader.int('blocksize', 1);
  if (reader.text('mode', 'DCR') === 'DCR')
    return writer.add('SpaceToDepth', [dy], { blocksize: int(block) });
  const [n = 1, c = 1, h = 1, w = 1] = node.dims(0);
  const corners = writer.reshape(dy, [n, c / (block * block), h, block, w, block]);
  return writer.reshape(writer.transpose(corners, [0, 1, 3, 5, 2, 4]), [n, c, h, w]);
});

const spaceToDepth = moving((node, dy) => {
  const { writer, reader } = node;
  const attributes = { blocksize: int(reader.int('blocksize', 1)), mode: text(reader.text('mode', 'DCR')) };
  return writer.add('DepthToSpace', [dy], attributes);
});

/** Each element gets the gradients of its copies. One axis at a time, as tensors have four dimensions at most. */
const tile = moving((node, dy) => {
  const { writer, reader } = node;
  const repeats = reader.integers(1);
  const current = [...node.outputDims()];
  return node.dims(0).reduce((made, size, axis) => {
    if (repeats[axis] === 1) return made;
    const [before, after] = [productOf(current.slice(0, axis)), productOf(current.slice(axis + 1))];
    const copies = writer.reshape(made, [before, repeats[axis] ?? 1, size, after]);
    current[axis] = size;
    return writer.reshape(writer.sum(copies, [1]), current);
  }, dy);
});

export const MOVEMENT_EXTENDED: Readonly<Record<string, Rule>> = {
  DepthToSpace: depthToSpace,
  Flatten: reshaped,
  Gather: gather,
  SpaceToDepth: spaceToDepth,
  Split: split,
  Squeeze: reshaped,
  Tile: tile,
  Unsqueeze: reshaped,
};
