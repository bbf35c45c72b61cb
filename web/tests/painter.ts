// Measures the lab's painter: how soon a network of grids has the likeness of a photo, on the CPU backend in its worker.

import { adam, createTrainer } from '../engine/training/index.ts';
import { WHOLE } from '../lab/painter/drawer.ts';
import {
  buildModel,
  countParameters,
  drawWeights,
  gridNames,
  learnedLayers,
  makeNetwork,
  namesOf,
} from '../lab/painter/network.ts';
import type { Pixels } from '../lab/painter/pixels.ts';
import { planesOf } from '../lab/painter/pixels.ts';
import { centerCrop, getContext2d } from '../shared/canvas.ts';

const SIDE = 256;
const BATCH = 64;

/** One look at the painting. */
export interface Likeness {
  readonly seconds: number;
  readonly steps: number;
  /** Decibels, over all pixels. */
  readonly psnr: number;
}

async function readPhoto(base64: string): Promise<Pixels> {
  const photo = await createImageBitmap(await (await fetch(`data:image/jpeg;base64,${base64}`)).blob());
  const context = getContext2d(new OffscreenCanvas(SIDE, SIDE));
  context.imageSmoothingQuality = 'high';
  context.drawImage(photo, ...centerCrop(photo.width, photo.height), 0, 0, SIDE, SIDE);
  const { data } = context.getImageData(0, 0, SIDE, SIDE);
  const colors = Float32Array.from({ length: 3 * SIDE * SIDE }, (_, i) => {
    return (data[4 * Math.floor(i / 3) + (i % 3)] ?? 0) / 255;
  });
  return { width: SIDE, height: SIDE, colors };
}

/** Trains for so many seconds, as the tab does with its usual settings, and looks at all pixels at the given ones. The time
 * of looking does not count. */
export async function paintPhoto(base64: string, looks: readonly number[]) {
  const pixels = await readPhoto(base64);
  const network = makeNetwork({ kind: 'grid', depth: 1, width: 32, act: 'relu' });
  const model = buildModel(network, drawWeights(network, 0), BATCH, BATCH);
  const begin = performance.now();
  const trainer = await createTrainer(model, {
    loss: 'mse',
    optimizer: adam({ epsilon: 1e-15 }),
    learningRate: 0.02,
    parameters: [...gridNames(network), ...learnedLayers(network).flatMap(namesOf)],
    pixels: { coordinates: 'xy', width: SIDE, height: SIDE },
    backend: 'cpu',
  });
  const { activationsOf, placesOf } = await import('../lab/painter/evaluate.ts');
  const places = placesOf(network, WHOLE, SIDE, SIDE, [0, 0]);
  const colors = planesOf(pixels);
  const likeness: Likeness[] = [];
  let looking = 0;
  for (const seconds of looks) {
    const left = seconds * 1000 - (performance.now() - begin - looking);
    await trainer.runUntil(() => ({ [trainer.target]: colors }), { milliseconds: Math.max(0, left) });
    const now = performance.now();
    const made = activationsOf(network, await trainer.weights(), places, SIDE * SIDE).at(-1);
    const error = colors.reduce((sum, color, i) => {
      return sum + (Math.min(1, Math.max(0, made?.[i] ?? 0)) - color) ** 2;
    }, 0);
    likeness.push({
      seconds: (now - begin - looking) / 1000,
      steps: trainer.steps,
      psnr: -10 * Math.log10(error / colors.length),
    });
    looking += performance.now() - now;
  }
  const { adapter } = trainer;
  trainer.destroy();
  return { adapter, parameters: countParameters(network), likeness };
}
