// Takes turns between a former engine and this one, in one document and on one look: time of a frame and CPU
// time of the GPU process. Before that, their paintings are compared.

import { makeTestImage } from '../bench/test-input.ts';
import type { Backend, Painter } from '../engine/index.ts';
import { getContext2d } from '../shared/canvas.ts';
import { quantile } from '../shared/measurement.ts';
import { planesToRgba } from '../shared/planes.ts';
import { fetchBytes } from './fetch.ts';

type Engine = Pick<typeof import('../engine/index.ts'), 'createPainter' | 'readLook'>;

/** What one engine needs for a frame, in milliseconds. */
interface Turn {
  readonly ms: number;
  /** CPU time of the browser's GPU process, over all cores. */
  readonly processor: number;
}

/** A former engine and this one. */
interface Pair<T> {
  readonly former: T;
  readonly now: T;
}

/** Frames of a turn take this long together. */
const TURN_MS = 150;
/** There are as many rounds as fit into this time, but at least the first number and at most the second. */
const ROUNDS_MS = 6_000;
const MIN_ROUNDS = 5;
const MAX_ROUNDS = 20;

/** Compares the engine whose `index.ts` has this address with this one. The look's file is fetched from `file`. */
export async function compareEngines(index: string, file: string, backend: Backend) {
  const bytes = await fetchBytes(file);
  const former: Engine = await import(/* @vite-ignore */ index);
  const now: Engine = await import('../engine/index.ts');
  const pair = { former: await open(former, bytes, backend), now: await open(now, bytes, backend) };
  const difference = compareCanvases(pair.former.paintOnce(), pair.now.paintOnce());
  const rounds = await takeRounds(pair);
  const { adapter } = pair.now.painter;
  for (const { painter } of [pair.former, pair.now]) painter.destroy();
  return { backend, adapter, difference, rounds: rounds.length, ...summarizeRounds(rounds) };
}

type Participant = Awaited<ReturnType<typeof open>>;

/** One engine's painter of a look, without its upkeep: nothing is tuned, and tuned shapes are not used. */
async function open({ createPainter, readLook }: Engine, bytes: Uint8Array, backend: Backend) {
  const canvas = new OffscreenCanvas(1, 1);
  const painter: Painter = await createPainter(await readLook(bytes), { canvas, backend, upkeep: false });
  const { pixels } = painter.info;
  const image = makeTestImage(pixels);
  const source = await createImageBitmap(new ImageData(planesToRgba(image, pixels ** 2), pixels, pixels));
  const paintFrames = async (count: number) => {
    for (let i = 0; i < count; i++) painter.paint(source);
    await painter.finished();
    if (backend === 'webgl2') readPixel(canvas);
  };
  const paintOnce = () => {
    painter.paint(source);
    const copy = getContext2d(new OffscreenCanvas(pixels, pixels));
    copy.drawImage(canvas, 0, 0);
    const { data } = copy.getImageData(0, 0, pixels, pixels);
    if (data.every((value, i) => value === data[i % 4])) throw new Error('A painting has one colour alone.');
    return data;
  };
  return { painter, paintFrames, paintOnce };
}

/** The largest difference of two canvases, of 255. */
const compareCanvases = (one: Uint8ClampedArray, other: Uint8ClampedArray): number =>
  one.reduce((most, value, i) => Math.max(most, Math.abs(value - (other[i] ?? 0))), 0);

/** Waits until everything is drawn. */
function readPixel(canvas: OffscreenCanvas): void {
  const gl = canvas.getContext('webgl2');
  gl?.bindFramebuffer(gl.READ_FRAMEBUFFER, null);
  gl?.readPixels(0, 0, 1, 1, gl.RGBA, gl.UNSIGNED_BYTE, new Uint8Array(4));
}

/** In each round both engines paint as many frames; each begins every other round. */
async function takeRounds({ former, now }: Pair<Participant>): Promise<Pair<Turn>[]> {
  // The first frames may still compile or allocate.
  for (const { paintFrames } of [former, now]) await paintFrames(2);
  const frames = Math.max(1, Math.round(TURN_MS / (await takeTurn(former, 1)).ms));
  const began = performance.now();
  const isOver = (count: number) =>
    count >= MAX_ROUNDS || (count >= MIN_ROUNDS && performance.now() - began > ROUNDS_MS);
  const rounds: Pair<Turn>[] = [];
  while (!isOver(rounds.length)) {
    if (rounds.length % 2 === 0) {
      rounds.push({ former: await takeTurn(former, frames), now: await takeTurn(now, frames) });
    } else {
      rounds.push({ now: await takeTurn(now, frames), former: await takeTurn(former, frames) });
    }
  }
  return rounds;
}

async function takeTurn({ paintFrames }: Participant, frames: number): Promise<Turn> {
  const before = await processorTime();
  const start = performance.now();
  await paintFrames(frames);
  const ms = (performance.now() - start) / frames;
  return { ms, processor: ((await processorTime()) - before) / frames };
}

/** The medians of both engines, and of the ratios within rounds the least, the median, the quartiles and the most. */
function summarizeRounds(rounds: readonly Pair<Turn>[]) {
  const summarize = (key: keyof Turn) => {
    const ratios = rounds.map(({ former, now }) => now[key] / former[key]);
    return {
      former: quantile(
        rounds.map(({ former }) => former[key]),
        0.5,
      ),
      now: quantile(
        rounds.map(({ now }) => now[key]),
        0.5,
      ),
      ratio: [0, 0.25, 0.5, 0.75, 1].map(fraction => quantile(ratios, fraction)),
    };
  };
  return { ms: summarize('ms'), processor: summarize('processor') };
}
