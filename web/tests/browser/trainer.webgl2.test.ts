// The trainer on WebGL2.

import { expect, test } from 'vitest';
import { createTrainer, sgd } from '../../engine/training/index.ts';
import { fetchBytes, fetchFloats } from '../fetch.ts';
import { testPixelBatches } from '../pixel-batches.ts';
import { perceptron, type Suite, testTrainer } from '../trainer.ts';
import type { TrainingCase } from '../training-steps.ts';

/** Contexts that were opened, oldest first. */
const contexts: WebGL2RenderingContext[] = [];
const getContext = HTMLCanvasElement.prototype.getContext;
HTMLCanvasElement.prototype.getContext = function (this: HTMLCanvasElement, ...given: unknown[]) {
  const context = Reflect.apply(getContext, this, given);
  if (context instanceof WebGL2RenderingContext) contexts.push(context);
  return context;
} as typeof getContext;

/** Steps that are compared with torch's; 10 of the others. */
const STEPS: Readonly<Record<string, number>> = {
  'training-lenet': 30,
  'training-lenet-muon': 4,
};

const cases: TrainingCase[] = await (await fetch('/training.json')).json();

const suite: Suite = {
  backend: 'webgl2',
  // The look's programs take long to link in software.
  cases: cases.filter(({ name }) => name !== 'training-lean'),
  stepsOf: name => STEPS[name] ?? 10,
  readBytes: fetchBytes,
  readFloats: fetchFloats,
  lose: () => contexts.at(-1)?.getExtension('WEBGL_lose_context')?.loseContext(),
};

testTrainer(suite);

let uploaded = 0;
const { prototype } = WebGL2RenderingContext;
for (const name of ['texSubImage2D', 'texSubImage3D', 'bufferSubData'] as const) {
  const upload = prototype[name] as (...given: unknown[]) => void;
  Object.assign(prototype, {
    [name](this: WebGL2RenderingContext, ...given: unknown[]) {
      for (const one of given) if (ArrayBuffer.isView(one)) uploaded += one.byteLength;
      return upload.apply(this, given);
    },
  });
}
testPixelBatches({ backend: 'webgl2', lose: suite.lose, uploaded: () => uploaded });

test('a hidden tab trains without timers', async () => {
  const options = { loss: 'mse', optimizer: sgd(), learningRate: 0.1, backend: 'webgl2' } as const;
  const trainer = await createTrainer(perceptron(), options);
  const { setTimeout } = globalThis;
  const [x, target] = [6, 3].map(size => new Float32Array(size).fill(0.5));
  let timers = 0;
  Object.defineProperty(document, 'hidden', { value: true, configurable: true });
  globalThis.setTimeout = ((...given: Parameters<typeof setTimeout>) => {
    timers += 1;
    return setTimeout(...given);
  }) as typeof setTimeout;
  try {
    const batch = { x: x ?? new Float32Array(), target: target ?? new Float32Array() };
    await trainer.runUntil(() => batch, { steps: 20 });
    await trainer.weights();
  } finally {
    globalThis.setTimeout = setTimeout;
    Reflect.deleteProperty(document, 'hidden');
  }
  expect([trainer.steps, timers]).toEqual([20, 0]);
  trainer.destroy();
});

test('a browser that draws into no floats of 32 bits is told so', async () => {
  const getExtension = WebGL2RenderingContext.prototype.getExtension;
  WebGL2RenderingContext.prototype.getExtension = function (this: WebGL2RenderingContext, name: string) {
    return name === 'EXT_color_buffer_float' ? null : Reflect.apply(getExtension, this, [name]);
  } as typeof getExtension;
  try {
    const options = { loss: 'mse', optimizer: sgd(), learningRate: 0.1, backend: 'webgl2' } as const;
    await expect(createTrainer(perceptron(), options)).rejects.toThrow('draw into textures of 32-bit floats');
  } finally {
    WebGL2RenderingContext.prototype.getExtension = getExtension;
  }
});
