// Looks that leave sizes open, and what the file says about a look that the engine cannot run.

import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { readLook, readLookInfo, readModel } from '../../engine/index.ts';
import { CACHE } from '../cases.ts';
import { graphOf, int64Scalar, model, node, tensor, value } from '../onnx.ts';

type Dims = readonly (number | string)[];

const network = (dims: Dims, { op = 'Relu', painted = dims }: { op?: string; painted?: Dims } = {}) =>
  model(
    graphOf({
      nodes: [node(op, ['image'], ['painting'], {})],
      inputs: [value('image', dims)],
      outputs: [value('painting', painted)],
    }),
  );

describe('a look that leaves sizes open', () => {
  test.each<[string, Dims]>([
    ['height and width', [1, 3, 'height', 'width']],
    ['all', ['batch', 'channels', 'height', 'width']],
    ['one that the other fits', [1, 3, 'height', 256]],
    ['written as -1', [1, 3, -1, -1]],
  ])('takes 256 pixels: %s', async (_, dims) => {
    const { info, plan } = await readLook(network(dims));
    expect(info.pixels).toBe(256);
    expect(plan.inputs[0]?.shape).toEqual([1, 3, 256, 256]);
  });

  test('takes the sizes that it is given', async () => {
    const dims = { height: 64, width: 64 };
    expect((await readLook(network([1, 3, 'height', 'width']), { dims })).info.pixels).toBe(64);
  });

  test.each<[Dims, number]>([
    [[1, 3, 'height', 128], 128],
    [[1, 3, 64, 'width'], 64],
  ])('takes the side that is not open: %j', async (dims, pixels) => {
    const bytes = network(dims);
    expect((await readLook(bytes)).info.pixels).toBe(pixels);
    expect((await readLookInfo(bytes)).pixels).toBe(pixels);
  });

  test('takes the size that one of its sides is given', async () => {
    const bytes = network([1, 3, 'height', 'width']);
    expect((await readLook(bytes, { dims: { width: 96 } })).info.pixels).toBe(96);
  });

  test('takes sizes that make no square', async () => {
    const dims = { height: 64, width: 32 };
    const { info } = await readLook(network([1, 3, 'height', 'width']), { dims });
    expect([info.pixels, info.width, info.height]).toEqual([64, 32, 64]);
  });

  test('has no default as a model that is no look', async () => {
    await expect(readModel(network([1, 3, 'height', 'width']))).rejects.toThrow(
      "leaves its dimension 'height' open",
    );
  });
});

describe('what the file says about a look', () => {
  const square = [1, 3, 64, 64];

  test('is known of a graph that the engine does not run', async () => {
    const bytes = network(square, { op: 'NonZero' });
    await expect(readLook(bytes)).rejects.toThrow('is not supported');
    expect(await readLookInfo(bytes)).toMatchObject({ pixels: 64, name: '', live: {} });
  });

  test('may leave the size of the painting open', async () => {
    const bytes = network(square, { op: 'NonZero', painted: ['b', 3, 'h', 'w'] });
    expect((await readLookInfo(bytes)).pixels).toBe(64);
  });

  test('is known of a graph with other outputs than a look has', async () => {
    const outputs = [value('painting', square), value('shape', [4], 7)];
    const bytes = model(
      graphOf({
        nodes: [node('Relu', ['image'], ['painting'], {}), node('Shape', ['image'], ['shape'], {})],
        inputs: [value('image', square)],
        outputs,
      }),
    );
    await expect(readLook(bytes)).rejects.toThrow("'shape' of this model is not of float32");
    expect((await readLookInfo(bytes)).pixels).toBe(64);
  });

  test('has the scalars that need a value', async () => {
    const inputs = [value('image', square), value('k', [])];
    const nodes = [node('Add', ['image', 'k'], ['painting'], {})];
    const bytes = model(graphOf({ nodes, inputs, outputs: [value('painting', square)] }));
    const k = { label: 'k', min: 0, max: 1, default: 0 };
    expect((await readLookInfo(bytes)).live).toEqual({ k });
    expect((await readLook(bytes)).info.live).toEqual({ k });
  });

  test('takes initializers among the inputs for constants before version 4 of the format', async () => {
    const [inputs, constants] = [
      [value('image', square), value('k', []), value('at', [], 7)],
      [tensor('k', [], Float32Array.of(2)), int64Scalar('at', 1)],
    ];
    const nodes = [
      node('Gather', ['image', 'at'], ['row'], { axis: 1 }),
      node('Unsqueeze', ['row'], ['channel'], { axes: [1] }),
      node('Mul', ['image', 'k'], ['scaled'], {}),
      node('Add', ['scaled', 'channel'], ['painting'], {}),
    ];
    const graph = graphOf({ nodes, inputs, constants, outputs: [value('painting', square)] });
    expect((await readLook(model(graph, { opset: 8, format: 3 }))).info.live).toEqual({});
    await expect(readLook(model(graph, { opset: 8, format: 4 }))).rejects.toThrow(
      "'at' of this model is not of float32",
    );
  });

  test.each<[string, Dims, Dims, string]>([
    ['another size', square, [1, 3, 128, 128], 'this one paints 1 x 3 x 128 x 128'],
    ['scores', square, [1, 10], "this model's output is 1 x 10"],
    ['no picture', [1, 10], [1, 10], "this model's input is 1 x 10"],
  ])('refuses a network that paints %s', async (_, dims, painted, reason) => {
    await expect(readLookInfo(network(dims, { painted }))).rejects.toThrow(reason);
  });
});

test('arithmetic on sizes in an export of torch with open sizes is folded completely', async () => {
  const bytes = new Uint8Array(readFileSync(`${CACHE}/from-torch.onnx`));
  const { plan: made } = await readModel(bytes, { dims: { height: 24, width: 40 } });
  expect(made.operations.length).toBeLessThanOrEqual(23);
  await expect(readModel(bytes, { dims: { height: 24 } })).rejects.toThrow(
    "The model's input 'image' leaves its dimension 'width' open (batch x 3 x height x width)",
  );
  await expect(readModel(bytes, { dims: { height: 24, width: 0.5 } })).rejects.toThrow(
    "The size 'width' is given as 0.5",
  );
});
