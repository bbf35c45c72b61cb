/** The idx format, in which MNIST came (LeCun et al. 1998), of bytes: also packed by gzip. */
import { packedExamples, splitExamples, type Task } from './examples.ts';

export interface IdxArray {
  readonly dims: readonly number[];
  readonly values: Uint8Array;
}

/** Reads an array of bytes. `name` is for the error. */
export async function readIdx(file: Blob, name: string): Promise<IdxArray> {
  const bytes = await unpack(file);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const rank = bytes[3] ?? 0;
  const isIdx = bytes.length >= 4 + 4 * rank && view.getUint32(0) >>> 8 === 8 && rank > 0;
  const dims = isIdx ? Array.from({ length: rank }, (_, i) => view.getUint32(4 + 4 * i)) : [];
  const values = bytes.subarray(4 + 4 * rank);
  if (!isIdx || dims.reduce((a, b) => a * b, 1) !== values.length) {
    throw new Error(`${name} is no idx file of bytes, or it is cut off. Give files as MNIST has them.`);
  }
  return { dims, values };
}

async function unpack(file: Blob): Promise<Uint8Array> {
  const [first, second] = new Uint8Array(await file.slice(0, 2).arrayBuffer());
  const isPacked = first === 0x1f && second === 0x8b;
  const stream = isPacked ? file.stream().pipeThrough(new DecompressionStream('gzip')) : file.stream();
  return new Uint8Array(await new Response(stream).arrayBuffer());
}

/** The task of idx files in any order: pictures with their labels, once or twice. The larger pair is for training; a single
 * one is split. */
export function taskOfIdx(arrays: readonly IdxArray[], name: string, classes: readonly string[]): Task {
  const labelled = arrays.filter(({ dims }) => dims.length === 1);
  const pairs = arrays
    .filter(({ dims }) => dims.length > 1)
    .map(({ dims, values }) => {
      const found = labelled.findIndex(one => one.dims[0] === dims[0]);
      // Each labels belong to one file of pictures.
      const [labels] = found < 0 ? [] : labelled.splice(found, 1);
      const [count = 0, ...rest] = dims;
      const [channels = 1, side = 0, width = 0] = rest.length === 3 ? rest : [1, ...rest];
      if (!labels) throw new Error(`${count} pictures have no labels: give the file of their labels too.`);
      if (side !== width || (side !== 28 && side !== 32) || (channels !== 1 && channels !== 3)) {
        throw new Error(`The pictures are ${rest.join(' x ')}; give those of 28 or 32 pixels, square.`);
      }
      if (labels.values.some(label => label >= classes.length)) {
        throw new Error(
          `The labels go beyond ${classes.length - 1}: the page has ${classes.length} classes.`,
        );
      }
      return packedExamples(values, labels.values, { side, channels });
    })
    .sort((a, b) => b.count - a.count);
  const [train, test] = pairs;
  if (!train) throw new Error('There are no pictures among these files: give idx files as MNIST has them.');
  const split = test ? { train, test } : splitExamples(train);
  return { name, note: '', classes, ...split };
}
