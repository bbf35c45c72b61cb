/** A camera that is allowed after nobody wants it any more must not stay on. */
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { Capture } from '../../../lab/shell/capture.ts';

interface Answer {
  readonly allow: () => ReturnType<typeof makeStream>;
  readonly refuse: () => void;
}

const makeStream = () => {
  const track = { isOn: true, stop: () => (track.isOn = false) };
  return { getTracks: () => [track], track };
};

let asked: Answer[] = [];

beforeEach(() => {
  asked = [];
  const getUserMedia = () =>
    new Promise((resolve, reject) => {
      asked.push({
        allow: () => {
          const stream = makeStream();
          resolve(stream);
          return stream;
        },
        refuse: () => reject(new Error('refused')),
      });
    });
  vi.stubGlobal('navigator', { mediaDevices: { getUserMedia } });
});

afterEach(() => {
  vi.unstubAllGlobals();
});

test('it is open from the permission until it is closed', async () => {
  const capture = new Capture({ video: true });
  const opened = capture.open();
  const stream = asked[0]?.allow();
  expect(await opened).toBe(stream);
  expect(capture.stream).toBe(stream);
  capture.close();
  expect(stream?.track.isOn).toBe(false);
  expect(capture.stream).toBeNull();
});

test('what is allowed after it was closed is let go', async () => {
  const capture = new Capture({ video: true });
  const opened = capture.open();
  capture.close();
  const stream = asked[0]?.allow();
  expect(await opened).toBeNull();
  expect(stream?.track.isOn).toBe(false);
  expect(capture.stream).toBeNull();
});

test.each([
  [0, 1],
  [1, 0],
])('of two that are asked for the second is kept, when %i is allowed first', async (first, second) => {
  const capture = new Capture({ video: true });
  const opened = [capture.open(), capture.open()];
  const streams = new Map([first, second].map(i => [i, asked[i]?.allow()]));
  expect(await Promise.all(opened)).toEqual([null, streams.get(1)]);
  expect([0, 1].map(i => streams.get(i)?.track.isOn)).toEqual([false, true]);
});

test('a refusal is told, unless nobody waits for it', async () => {
  const capture = new Capture({ video: true });
  const refused = capture.open();
  asked[0]?.refuse();
  await expect(refused).rejects.toThrow('refused');
  const closed = capture.open();
  capture.close();
  asked[1]?.refuse();
  expect(await closed).toBeNull();
});
