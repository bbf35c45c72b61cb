// A painter of a look that learns: what it paints follows the weights.

import { expect, test } from 'vitest';
import { createPainter, readLook } from '../../engine/index.ts';
import { constantOf } from '../../engine/onnx/constant.ts';
import type { OnnxModel } from '../../engine/onnx/model.ts';
import { ints, NodeWriter } from '../../engine/onnx/node-writer.ts';
import { adam, createTrainer } from '../../engine/training/index.ts';

const SIDE = 32;
const SHAPE = [1, 3, SIDE, SIDE];

/** A convolution whose sigmoid is the painting. */
function look(): OnnxModel {
  const writer = new NodeWriter(['image', 'w', 'b', 'painting'], 17);
  const made = writer.add('Conv', ['image', 'w', 'b'], {
    kernel_shape: ints([3, 3]),
    pads: ints([1, 1, 1, 1]),
  });
  writer.addNamed('painting', 'Sigmoid', [made]);
  const weights = Float32Array.from({ length: 81 }, (_, i) => ((i * 0.618034) % 1) - 0.5);
  const constants = [constantOf('w', [3, 3, 3, 3], weights), constantOf('b', [3], new Float32Array(3))];
  return {
    size: 0,
    opset: 17,
    metadata: new Map([['limner.format', '1']]),
    nodes: writer.nodes,
    constants: new Map(constants.map(one => [one.name, one] as const)),
    inputs: [{ name: 'image', type: 1, dims: SHAPE }],
    outputs: [{ name: 'painting', type: 1, dims: SHAPE }],
  };
}

function picture(): OffscreenCanvas {
  const canvas = new OffscreenCanvas(SIDE, SIDE);
  const context = canvas.getContext('2d');
  for (let i = 0; context && i < SIDE; i++) {
    context.fillStyle = `rgb(${8 * i} ${255 - 8 * i} 128)`;
    context.fillRect(i, 0, 1, SIDE);
  }
  return canvas;
}

function pixels(canvas: CanvasImageSource): number[] {
  const context = new OffscreenCanvas(SIDE, SIDE).getContext('2d');
  context?.drawImage(canvas, 0, 0);
  return Array.from(context?.getImageData(0, 0, SIDE, SIDE).data ?? []);
}

/** Canvases of the document that a context was asked of. */
const canvases = new Set<HTMLCanvasElement>();
const getContext = HTMLCanvasElement.prototype.getContext;
HTMLCanvasElement.prototype.getContext = function (this: HTMLCanvasElement, ...given: unknown[]) {
  canvases.add(this);
  return Reflect.apply(getContext, this, given);
} as typeof getContext;

test.each(['webgpu', 'webgl2'] as const)('on %s', async backend => {
  const trainer = await createTrainer(look(), {
    loss: 'l1',
    optimizer: adam(),
    learningRate: 0.1,
    backend: 'cpu',
  });
  canvases.clear();
  const canvas = new OffscreenCanvas(1, 1);
  const painter = await trainer.createPainter({ canvas, backend, every: 0 });
  expect(painter.backend).toBe(backend);
  painter.paint(picture());
  const before = pixels(canvas);
  expect([canvas.width, canvas.height]).toEqual([SIDE, SIDE]);
  // Red wherever it looks.
  const target = new Float32Array(3 * SIDE * SIDE).fill(1, 0, SIDE * SIDE);
  const image = Float32Array.from({ length: 3 * SIDE * SIDE }, (_, i) => ((i * 7) % 13) / 13);
  await trainer.runUntil(() => ({ image, target }), { steps: 60 });
  for (let again = 0; again < 3; again++) {
    await trainer.runUntil(() => ({ image, target }), { steps: 1 });
    await new Promise(resolve => setTimeout(resolve, 700));
  }
  expect(canvases.size).toBeLessThanOrEqual(2);
  const learned = await createPainter(await readLook(await trainer.save()), {
    canvas: new OffscreenCanvas(1, 1),
    backend,
    upkeep: false,
  });
  learned.paint(picture());
  const expected = learned.canvas ? pixels(learned.canvas) : [];
  expect(expected).not.toEqual(before);
  await expect
    .poll(() => {
      painter.paint(picture());
      return pixels(canvas);
    })
    .toEqual(expected);
  const [red = 0, green = 255] = pixels(canvas);
  expect(red - green).toBeGreaterThan(100);
  for (const one of [painter, learned]) one.destroy();
  trainer.destroy();
});

test('a canvas with another context is refused before anything is made', async () => {
  const options = { loss: 'l1', optimizer: adam(), learningRate: 0.1, backend: 'cpu' } as const;
  const trainer = await createTrainer(look(), options);
  const canvas = new OffscreenCanvas(1, 1);
  canvas.getContext('webgl2');
  canvases.clear();
  await expect(trainer.createPainter({ canvas, backend: 'webgl2' })).rejects.toThrow('no 2-D context');
  expect(canvases.size).toBe(0);
  trainer.destroy();
});
