import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { describe, expect, it } from 'vitest';
import { parseLooks } from '../../../player/looks/look-index.ts';
import { removeDefaults } from '../../../player/painters/wasm/live-inputs.ts';
import { FrameStats } from '../../../player/render/frame-stats.ts';
import { detectFileKind } from '../../../player/sources/file.ts';
import { lookCredit, lookTitle } from '../../../player/ui/look-label.ts';
import { formatFileSize } from '../../../shared/format.ts';
import { planesToRgba, rgbaToPlanes } from '../../../shared/planes.ts';

/** A protobuf field with bytes in it. */
const field = (number: number, content: readonly number[]) => [number * 8 + 2, content.length, ...content];
const text = (value: string) => [...new TextEncoder().encode(value)];
const tensor = (name: string, as = 5) => field(as, [...field(8, text(name)), ...field(9, [0, 0, 128, 63])]);

describe('the file without the defaults of live inputs', () => {
  const node = field(1, field(3, text('node')));
  const before = [8, 10]; // ir_version, a varint field
  const after = field(14, text('metadata'));

  it('keeps all other bytes', () => {
    const graph = [...node, ...tensor('brightness'), ...tensor('weight')];
    const model = Uint8Array.from([...before, ...field(7, graph), ...after]);
    const hidden = [...node, ...tensor('brightness', 4), ...tensor('weight')];
    const expected = Uint8Array.from([...before, ...field(7, hidden), ...after]);
    expect(removeDefaults(model, new Set(['brightness']))).toEqual(expected);
    expect(removeDefaults(model, new Set())).toEqual(model);
  });

  it('refuses a file that ends too early', () => {
    expect(() => removeDefaults(Uint8Array.from([58, 100, 1]), new Set())).toThrow(/cut short/);
  });
});

describe('pixels', () => {
  it('are converted to planes and back', () => {
    const rgba = Uint8ClampedArray.from([0, 128, 255, 255, 10, 20, 30, 255]);
    const planes = new Float32Array(6);
    rgbaToPlanes(rgba, planes);
    expect([...planesToRgba(planes, 2)]).toEqual([...rgba]);
  });

  it('of one plane become grey, and are clipped', () => {
    expect([...planesToRgba(Float32Array.of(1.5, -1), 2)]).toEqual([255, 255, 255, 255, 0, 0, 0, 255]);
  });
});

describe('the list of looks', () => {
  it('keeps known fields and leaves out entries without a file', () => {
    const { looks, refresh } = parseLooks({
      looks: [{ file: 'garden.onnx', bytes: 'many', extra: 1 }, { name: 'none' }, 3],
    });
    expect(refresh).toBe(0);
    expect(looks).toHaveLength(1);
    expect(looks[0]).toMatchObject({ file: 'garden.onnx', name: 'garden', bytes: 0, preview: null });
  });

  it('says when it is to be fetched again', () => {
    expect(parseLooks({ looks: [], refresh: 5 }).refresh).toBe(5);
  });

  it('throws if it is not a list', () => {
    expect(() => parseLooks([])).toThrow(/not a list/);
    expect(() => parseLooks(null)).toThrow(/not a list/);
  });

  it('formats file sizes for people', () => {
    expect([400, 90_000, 912_345, 14_200_000].map(formatFileSize)).toEqual([
      '1 kB',
      '90 kB',
      '0.9 MB',
      '14 MB',
    ]);
  });
});

it('detects the kind of a file by its type, or by its name without one', () => {
  expect(detectFileKind({ name: 'a.onnx', type: '' })).toBe('look');
  expect(detectFileKind({ name: 'a', type: 'image/heic' })).toBe('picture');
  expect(detectFileKind({ name: 'a.WEBM', type: '' })).toBe('video');
  expect(detectFileKind({ name: 'a.txt', type: 'text/plain' })).toBe('unknown');
});

it('counts the frames of the last second and averages the measured times', () => {
  const stats = new FrameStats();
  for (const time of [0, 500, 1000, 1400]) stats.addFrame(time);
  stats.addTime(10);
  stats.addTime(20);
  expect(stats.framesPerSecond(1450)).toBe(3);
  expect([stats.lastMs, stats.meanMs]).toEqual([20, 15]);
});

it('counts the frames of fast displays as well', () => {
  const stats = new FrameStats();
  for (let frame = 0; frame < 480; frame++) stats.addFrame(frame * (1000 / 240));
  expect(stats.framesPerSecond(2000)).toBeGreaterThanOrEqual(239);
});

it('names a look without a name after its file', () => {
  expect(lookTitle({ name: '' }, 'garden.ONNX')).toBe('garden');
  expect(lookTitle({ name: 'Garden' }, 'g.onnx')).toBe('Garden');
  expect(lookCredit({ credit: 'Photographs by A', licence: 'CC0' })).toBe('Photographs by A. Licence: CC0');
  expect(lookCredit({ credit: '', licence: '' })).toBe('');
});

it('has a Content Security Policy that allows nothing from other hosts', () => {
  const path = createRequire(import.meta.url).resolve('../../../player/index.html');
  const policy =
    /http-equiv="Content-Security-Policy" content="([^"]+)"/.exec(readFileSync(path, 'utf8'))?.[1] ?? '';
  const sources = policy.split(';').flatMap(rule => rule.trim().split(/\s+/).slice(1));
  const allowed = ["'none'", "'self'", "'wasm-unsafe-eval'", 'blob:', 'mediastream:'];
  expect(sources.filter(source => !allowed.includes(source))).toEqual([]);
  expect(policy).toMatch(/connect-src 'self';.*worker-src 'self';/);
});
