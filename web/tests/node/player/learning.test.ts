// Learning in the page, without the page: what a step gets, strokes, colours, and the files.

import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import * as ort from 'onnxruntime-web';
import { describe, expect, test } from 'vitest';
import { readLookInfo } from '../../../engine/index.ts';
import { constantOf } from '../../../engine/onnx/constant.ts';
import { type OnnxModel, readModel } from '../../../engine/onnx/model.ts';
import { NodeWriter } from '../../../engine/onnx/node-writer.ts';
import { writeModel } from '../../../engine/onnx/write-model.ts';
import { patches, wholePictures } from '../../../player/learning/batches.ts';
import { makeCurve } from '../../../player/learning/curve.ts';
import {
  cutWindow,
  type Example,
  MAX_ZOOM,
  paintedPixels,
  randomPatch,
  randomWindow,
  type Size,
} from '../../../player/learning/example.ts';
import { keyframeNetwork } from '../../../player/learning/keyframe-network.ts';
import { learnedMetadata, withLearnedTexts } from '../../../player/learning/learned-file.ts';
import { findPalette } from '../../../player/learning/palette.ts';
import { randomNumbers } from '../../../player/learning/random.ts';
import { dabsBetween, dabsOf, shareOf } from '../../../player/learning/strokes.ts';
import { fineTuning, frameSize } from '../../../player/learning/task.ts';
import { drawPhoto, largestDifference, paintWithEngine, testLearning } from '../../learning.ts';

const PYTHON =
  process.env.LIMNER_PYTHON ?? fileURLToPath(new URL('../../../../.venv/bin/python', import.meta.url));

async function paintWithOnnxRuntime(
  bytes: Uint8Array,
  image: Float32Array,
  { width, height }: Size,
): Promise<Float32Array> {
  const session = await ort.InferenceSession.create(bytes);
  const { painting } = await session.run({ image: new ort.Tensor('float32', image, [1, 3, height, width]) });
  await session.release();
  return (painting?.data ?? new Float32Array()) as Float32Array;
}

/** What ONNX Runtime paints; the engine must paint the same. */
async function paintWithBoth(bytes: Uint8Array, image: Float32Array, size: Size): Promise<Float32Array> {
  const painting = await paintWithOnnxRuntime(bytes, image, size);
  expect(largestDifference(await paintWithEngine(bytes, image), painting)).toBeLessThan(1e-4);
  return painting;
}

testLearning('cpu', { fineTuning: { steps: 200, fall: 0.2 }, keyframe: 60 }, paintWithBoth);

describe('random numbers', () => {
  test('have the moments of their distributions, and are those of their key', () => {
    const random = randomNumbers(3, 4);
    const uniform = Array.from({ length: 4000 }, random);
    const mean = (values: number[]) => values.reduce((a, b) => a + b, 0) / values.length;
    expect(mean(uniform)).toBeCloseTo(0.5, 1);
    expect(mean(uniform.map(value => value ** 2))).toBeCloseTo(1 / 3, 1);
    expect(Math.min(...uniform)).toBeGreaterThanOrEqual(0);
    expect(Math.max(...uniform)).toBeLessThan(1);
    expect(randomNumbers(3, 4)()).toBe(uniform[0]);
    expect(randomNumbers(4, 3)()).not.toBe(uniform[0]);
  });
});

describe('windows', () => {
  const size = { width: 90, height: 60 };

  test('lie within the picture, in the shape of the look', () => {
    const random = randomNumbers(1);
    const windows = Array.from({ length: 200 }, () => randomWindow(random, size, 2, true));
    for (const { left, top, width, height } of windows) {
      expect(width / height).toBeCloseTo(2);
      expect(width).toBeGreaterThanOrEqual(90 / MAX_ZOOM - 1e-9);
      expect(left).toBeGreaterThanOrEqual(0);
      expect(top).toBeGreaterThanOrEqual(0);
      expect(left + width).toBeLessThanOrEqual(90 + 1e-9);
      expect(top + height).toBeLessThanOrEqual(60 + 1e-9);
    }
    expect(new Set(windows.map(({ isMirrored }) => isMirrored)).size).toBe(2);
  });

  test('patches lie within the frame, and half of them show what was painted', () => {
    const random = randomNumbers(2);
    const painted = Uint32Array.of(60 * 90 - 1); // the last corner
    const found = Array.from({ length: 200 }, () => randomPatch(random, size, 16, painted));
    for (const { left, top } of found) {
      expect(Number.isInteger(left) && left >= 0 && left <= 74).toBe(true);
      expect(Number.isInteger(top) && top >= 0 && top <= 44).toBe(true);
    }
    const corner = found.filter(({ left, top }) => left === 74 && top === 44).length;
    expect(corner).toBeGreaterThan(70);
    expect(corner).toBeLessThan(140);
  });

  test('are cut as they are, mirrored, and enlarged', () => {
    const rgba = Uint8ClampedArray.from({ length: 4 * 4 * 4 }, (_, i) => (i % 4 === 0 ? 17 * (i / 4) : 0));
    const whole = { width: 4, height: 4 };
    const cut = (window: object, out = { width: 2, height: 2 }) => {
      const planes = new Float32Array(3 * out.width * out.height);
      const base = { left: 1, top: 2, width: 2, height: 2, isMirrored: false };
      cutWindow(rgba, whole, { ...base, ...window }, out, planes, 0);
      return [...planes.subarray(0, out.width * out.height)].map(value => Math.round(value * 150) / 10);
    };
    expect(cut({})).toEqual([9, 10, 13, 14]);
    expect(cut({ isMirrored: true })).toEqual([10, 9, 14, 13]);
    expect(cut({ left: 0, top: 0, width: 4, height: 4 })).toEqual([2.5, 4.5, 10.5, 12.5]);
    expect(cut({ left: 0, top: 0, width: 1, height: 1 })).toEqual([0, 0.3, 1, 1.3]);
  });

  test('painted pixels are those that differ', () => {
    const shown = drawPhoto(1, { width: 8, height: 8 }, [0, 0, 0], [99, 99, 99]);
    const painted = shown.slice();
    painted[4 * 13 + 1] = (painted[4 * 13 + 1] ?? 0) + 40;
    painted[4 * 20] = (painted[4 * 20] ?? 0) + 3;
    expect([...paintedPixels({ width: 8, height: 8, shown, painted })]).toEqual([13]);
  });
});

describe('batches', () => {
  const example = (seed: number): Example => {
    const shown = drawPhoto(seed, { width: 40, height: 30 }, [0, 40, 80], [250, 200, 150]);
    return { width: 40, height: 30, shown, painted: shown.map(value => 255 - value) };
  };
  const examples = [1, 2, 3].map(example);

  test.each([
    ['whole pictures', wholePictures(examples, { width: 20, height: 20 }, true), 20],
    ['patches', patches(examples, 12), 12],
  ] as const)('%s are pairs that belong together, and the same for the same step', (_, make, side) => {
    const { shown, painted } = make(7, 3);
    expect(shown).toHaveLength(3 * 3 * side * side);
    for (const [i, value] of shown.entries()) expect(value + (painted[i] ?? 0)).toBeCloseTo(1, 5);
    expect(make(7, 3)).toEqual({ shown, painted });
    expect(make(8, 3).shown).not.toEqual(shown);
  });
});

describe('strokes', () => {
  const point = (x: number, y: number, pressure = 1) => ({ x, y, pressure });

  test('have no gaps, and end where the pointer is', () => {
    const stroke = {
      tool: 'brush',
      colour: '#000000',
      size: 0.1,
      points: [point(0, 0), point(0.5, 0), point(0.5, 0.2)],
    } as const;
    const dabs = dabsOf(stroke);
    for (const [i, dab] of dabs.entries()) {
      const before = dabs[i - 1] ?? dab;
      expect(Math.hypot(dab.x - before.x, dab.y - before.y)).toBeLessThan(dab.radius);
    }
    expect(dabs.at(-1)).toEqual({ x: 0.5, y: 0.2, radius: 0.05 });
    expect(dabsOf({ ...stroke, points: [point(0.3, 0.4)] })).toEqual([{ x: 0.3, y: 0.4, radius: 0.05 }]);
    expect(dabsOf({ ...stroke, points: [] })).toEqual([]);
  });

  test('grow with the pressure of a pen alone', () => {
    const radii = dabsBetween(point(0, 0, shareOf(0, true)), point(1, 0, shareOf(1, true)), 0.2).map(
      ({ radius }) => radius,
    );
    expect(radii).toEqual([...radii].sort((a, b) => a - b));
    expect(radii.at(-1)).toBeCloseTo(0.1);
    expect(radii[0]).toBeLessThan(0.03);
    expect(shareOf(0.5, false)).toBe(1);
  });
});

describe('the palette', () => {
  test('has the colours of the picture, dark ones first', () => {
    const colours = [
      [250, 240, 20],
      [10, 20, 30],
      [200, 30, 40],
    ];
    const rgba = Uint8ClampedArray.from(
      { length: 4 * 90 },
      (_, i) => [...(colours[(i >> 2) % 3] ?? []), 255][i & 3] ?? 0,
    );
    expect(findPalette(rgba, 3)).toEqual(['#0a141e', '#c81e28', '#faf014']);
    expect(findPalette(rgba, 8)).toHaveLength(3);
    expect(findPalette(new Uint8ClampedArray(16).fill(255), 4)).toEqual(['#ffffff']);
    expect(findPalette(Uint8ClampedArray.of(), 4)).toEqual([]);
  });
});

describe('the curve of losses', () => {
  test('has a place for each stretch, from the highest to the lowest', () => {
    const losses = Array.from({ length: 1000 }, (_, i) => 2 ** (-i / 100));
    const { points, least, most } = makeCurve(losses, 50);
    expect(points).toHaveLength(50);
    expect(points[0]).toEqual([0, 1]);
    expect(points.at(-1)).toEqual([1, 0]);
    // Halving by halving is a straight line.
    expect(points[25]?.[1]).toBeCloseTo(1 - 25 / 49, 5);
    expect(most).toBeGreaterThan(least);
  });

  test('of a few or equal losses is there too', () => {
    expect(makeCurve([], 10).points).toEqual([]);
    expect(makeCurve([0.5], 10).points).toEqual([[0, 0.5]]);
    expect(makeCurve([0.5, 0.5], 10).points).toEqual([
      [0, 0.5],
      [1, 0.5],
    ]);
  });
});

/** Another program's network: it takes a number, a picture of the last frame, and the picture. */
function strangeNetwork(metadata: ReadonlyMap<string, string>): OnnxModel {
  const writer = new NodeWriter(['light', 'last', 'photo', 'out'], 17);
  writer.addNamed('out', 'Add', [writer.plus('photo', 'last'), 'light']);
  const value = (name: string, dims: readonly number[]) => ({ name, type: 1, dims });
  const picture = [1, 3, 8, 8];
  return {
    size: 0,
    opset: 17,
    metadata,
    nodes: writer.nodes,
    constants: new Map([['last', constantOf('last', picture, new Float32Array(192))]]),
    inputs: [value('light', []), value('last', picture), value('photo', picture)],
    outputs: [value('out', picture)],
  };
}

describe('fine-tuning', () => {
  const learn = (metadata = new Map<string, string>()) => {
    const bytes = writeModel(strangeNetwork(metadata));
    const texts = () => ({ name: 'Strange', from: '' });
    return fineTuning({ bytes, size: { width: 8, height: 8 }, texts }, [], true);
  };

  test('shows the pictures to the input that is no weight and no number', () => {
    expect(learn()).toMatchObject({ picture: 'photo', name: 'Strange (learned)' });
  });

  test('of a look with state is refused', () => {
    expect(() => learn(new Map([['limner.state', '{"last": "out"}']]))).toThrow(
      'such a look cannot learn here',
    );
  });
});

/** What Python's limner reads of files: names and the sides of pictures. */
function openInPython(files: readonly Uint8Array[]): unknown {
  const folder = mkdtempSync(join(tmpdir(), 'learned-'));
  const paths = files.map((_, i) => join(folder, `${i}.onnx`));
  const code = `import json, sys, pathlib
from limner.look.look import open_look
looks = [open_look(pathlib.Path(path)) for path in sys.argv[1:]]
print(json.dumps([[look.name, look.credit, *look.shape] for look in looks]))`;
  try {
    for (const [i, path] of paths.entries()) writeFileSync(path, files[i] ?? '');
    return JSON.parse(execFileSync(PYTHON, ['-c', code, ...paths], { encoding: 'utf8' }));
  } finally {
    rmSync(folder, { recursive: true });
  }
}

describe('the file', () => {
  test('is one that Python’s limner opens, be it a look, wide, or another program’s', () => {
    const texts = { name: 'Style', from: 'One frame' };
    const save = (
      width: number,
      height: number,
      metadata: ReadonlyMap<string, string>,
      output = 'painting',
    ) => {
      const network = keyframeNetwork({ width, height }, 1);
      const rename = (name: string) => (name === 'painting' ? output : name);
      const nodes = network.nodes.map(node => ({ ...node, outputs: node.outputs.map(rename) }));
      const outputs = network.outputs.map(value => ({ ...value, name: rename(value.name) }));
      return withLearnedTexts(writeModel({ ...network, nodes, outputs, metadata }), texts);
    };
    const look = new Map([
      ['limner.format', '1'],
      ['limner.pixels', '16'],
      ['limner.guide', 'colour'],
    ]);
    const files = [save(16, 16, look), save(24, 16, look), save(16, 16, new Map(), 'out')];
    expect(openInPython(files)).toEqual([
      ['Style (learned)', 'One frame', 16, 16],
      ['', '', 16, 24],
      ['', '', 16, 16],
    ]);
    expect([...readModel(files[1] ?? new Uint8Array()).metadata]).toEqual([]);
  });

  test('says that it learned, once, and keeps the author', () => {
    const before = new Map([
      ['limner.format', '1'],
      ['limner.name', 'Garden'],
      ['limner.author', 'Ada'],
      ['limner.credit', 'Photos by Ada.'],
      ['limner.figures', '{"parameters": 12, "bytes": 9, "parity": [{}]}'],
      ['own', 'kept'],
    ]);
    const after = learnedMetadata(before, { name: 'Garden', from: 'Fine-tuned in the page on 3 pictures' });
    expect(after.get('limner.name')).toBe('Garden (learned)');
    expect(after.get('limner.author')).toBe('Ada');
    expect(after.get('limner.credit')).toBe('Photos by Ada. Fine-tuned in the page on 3 pictures');
    expect(after.get('limner.figures')).toBe('{"parameters":12}');
    expect(after.get('own')).toBe('kept');
    const again = learnedMetadata(after, { name: 'Garden (learned)', from: 'x' });
    expect(again.get('limner.name')).toBe('Garden (learned)');
  });

  test('of the page’s own network is a look that shows what it sees', async () => {
    const network = keyframeNetwork({ width: 24, height: 24 }, 1);
    const metadata = new Map([
      ['limner.format', '1'],
      ['limner.guide', 'colour'],
    ]);
    const guided = { ...network, metadata };
    const bytes = withLearnedTexts(writeModel(guided), { name: 'Style', from: 'One frame' });
    const info = await readLookInfo(bytes);
    expect(info).toMatchObject({ name: 'Style (learned)', width: 24, height: 24, guide: 'colour' });
    expect(bytes.length).toBeLessThan(150_000);
    const weights = [...readModel(bytes).constants.keys()].filter(name => name.endsWith(' weight'));
    expect(weights).toHaveLength(10);
  });

  test('frames have whole strides and bounded sides', () => {
    expect(frameSize({ width: 256, height: 256 })).toEqual({ width: 256, height: 256 });
    expect(frameSize({ width: 1024, height: 510 })).toEqual({ width: 384, height: 192 });
    expect(frameSize({ width: 30, height: 21 })).toEqual({ width: 32, height: 20 });
  });
});
