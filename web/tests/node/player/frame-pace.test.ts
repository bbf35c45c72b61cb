// Looks with state are painted at most 60 times a second, whatever the display's rate.

import { beforeEach, describe, expect, test, vi } from 'vitest';
import type { Painter } from '../../../player/painters/painter.ts';
import { FramePace } from '../../../player/render/frame-pace.ts';
import { RenderLoop } from '../../../player/render/render-loop.ts';
import type { Source } from '../../../player/sources/source.ts';

const INTERVAL_MS = 1000 / 60;

/** The times of ten seconds of frames, each late by up to `jitter` milliseconds, always the same. */
function frameTimes(rate: number, jitter = 0): number[] {
  let seed = 7;
  return Array.from({ length: 10 * rate }, (_, i) => {
    seed = (seed * 16807) % 2147483647;
    return 1000 + (1000 * i) / rate + (jitter * seed) / 2147483647;
  });
}

function paintedTimes(times: readonly number[]): number[] {
  const pace = new FramePace();
  return times.filter(now => {
    if (pace.isTooSoon(now)) return false;
    pace.addFrame(now);
    return true;
  });
}

/** The most steps from one painting to a later one within a second. */
const mostSteps = (times: readonly number[]): number =>
  Math.max(...times.map((first, i) => times.slice(i + 1).filter(time => time <= first + 1000).length));

describe('the pace of frames', () => {
  test.each([
    [24, 0],
    [30, 10],
    [50, 4],
    [60, 0],
    [60, 4],
    [60, 11],
  ])('%i Hz with frames up to %i ms late: every frame is painted', (rate, jitter) => {
    const times = frameTimes(rate, jitter);
    expect(paintedTimes(times)).toEqual(times);
  });

  test.each([
    [75, 0],
    [90, 3],
    [120, 0],
    [120, 4],
    [144, 0],
    [144, 3],
    [240, 2],
    [1000, 0],
  ])('%i Hz with frames up to %i ms late: 60 a second, and no more', (rate, jitter) => {
    const painted = paintedTimes(frameTimes(rate, jitter));
    expect(mostSteps(painted)).toBeLessThanOrEqual(60);
    expect(painted.length / 10).toBeGreaterThan(59);
  });

  test('a frame after a pause does not make up for those that were not painted', () => {
    const bursts = [0, 5000].flatMap(start => Array.from({ length: 300 }, (_, i) => 1000 + start + 4 * i));
    expect(mostSteps(paintedTimes(bursts))).toBeLessThanOrEqual(60);
  });
});

class FakeElement {
  classList = { add: () => undefined, contains: () => true, toggle: () => undefined };
  style = { setProperty: () => undefined };
  replaceChildren(): void {}
}

let now = 0;
/** What waits for the display's next frame. */
let waiting: (() => void)[] = [];

beforeEach(() => {
  now = 1000;
  waiting = [];
  const element = new FakeElement();
  for (const name of ['HTMLElement', 'HTMLCanvasElement', 'HTMLVideoElement']) {
    vi.stubGlobal(name, name === 'HTMLVideoElement' ? class {} : FakeElement);
  }
  vi.stubGlobal('document', {
    hidden: false,
    documentElement: element,
    addEventListener: () => undefined,
    getElementById: () => element,
  });
  vi.stubGlobal('requestAnimationFrame', (callback: () => void) => waiting.push(callback));
  vi.spyOn(performance, 'now').mockImplementation(() => now);
  return () => {
    vi.unstubAllGlobals();
    vi.restoreAllMocks();
  };
});

const sourceThat = (isStill: boolean): Source => ({
  kind: isStill ? 'picture' : 'scene',
  frame: new FakeElement() as unknown as HTMLCanvasElement,
  isMirrored: false,
  isStill,
  play: () => undefined,
  pause: () => undefined,
  step: async () => undefined,
  requestFrame: callback => {
    waiting.push(callback);
    return () => {
      waiting = waiting.filter(one => one !== callback);
    };
  },
  stop: () => undefined,
});

function fakePainter(state: readonly string[]) {
  const paint = vi.fn();
  const info = { state, live: { strength: { default: 0 } }, width: 64, height: 64 };
  const painter = {
    info,
    backend: 'webgpu',
    canvas: new FakeElement(),
    paint,
    set: () => undefined,
    attachGuide: () => undefined,
    finished: async () => undefined,
    destroy: () => undefined,
  };
  return { painter: painter as unknown as Painter, paint };
}

/** Lets a display show frames for a second. */
async function display(rate: number, onFrame: (frame: number) => unknown = () => undefined): Promise<void> {
  for (let frame = 0; frame < rate; frame++) {
    now += 1000 / rate;
    onFrame(frame);
    for (const callback of waiting.splice(0)) callback();
    await new Promise(resolve => setTimeout(resolve)); // promises of a painting
  }
}

async function startLoop(isStill: boolean, state: readonly string[]) {
  const loop = new RenderLoop(sourceThat(isStill), error => expect(error).toBeNull());
  const made = fakePainter(state);
  await loop.setPainter(made.painter, now, () => false);
  made.paint.mockClear();
  return { loop, ...made };
}

describe('the render loop', () => {
  test.each([
    ['with state', ['dream'], 58, 60],
    ['without state', [], 144, 144],
  ] as const)('paints a look %s on a display of 144 Hz', async (_, state, least, most) => {
    const { paint } = await startLoop(false, state);
    await display(144);
    expect(paint.mock.calls.length).toBeGreaterThanOrEqual(least);
    expect(paint.mock.calls.length).toBeLessThanOrEqual(most);
  });

  test.each([
    ['with state goes on', ['dream'], 58, 60],
    ['without state does not', [], 0, 1],
  ] as const)('a look %s from a still picture', async (_, state, least, most) => {
    const { paint } = await startLoop(true, state);
    await display(144);
    expect(paint.mock.calls.length).toBeGreaterThanOrEqual(least);
    expect(paint.mock.calls.length).toBeLessThanOrEqual(most);
  });

  test('paints a look with state 60 times a second while a slider moves over a still picture', async () => {
    const { loop, paint } = await startLoop(true, ['dream']);
    await display(144, frame => loop.setLiveInput('strength', frame / 144));
    expect(paint.mock.calls.length).toBeGreaterThanOrEqual(58);
    expect(paint.mock.calls.length).toBeLessThanOrEqual(60);
  });

  test('paints the last move of a slider, also where it comes too soon', async () => {
    const { loop, paint } = await startLoop(true, ['dream']);
    await display(60); // the paintings before the visitor presses Pause
    loop.pause();
    await display(4);
    paint.mockClear();
    await display(240, frame => frame < 2 && loop.setLiveInput('strength', frame));
    expect(paint.mock.calls.length).toBe(2);
  });
});

test('the interval is that of 60 frames a second', () => {
  const pace = new FramePace();
  pace.addFrame(1000);
  pace.addFrame(1000);
  expect(pace.isTooSoon(1000 + 2 * INTERVAL_MS - 12.1)).toBe(true);
  expect(pace.isTooSoon(1000 + 2 * INTERVAL_MS - 11.9)).toBe(false);
});
