// What a look learned in the page is stored as the look was: in the same bits as `limner export` writes.

import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, expect, test } from 'vitest';
import { type Constant, constantOf, floats } from '../../../engine/onnx/constant.ts';
import { type OnnxModel, type OnnxNode, readModel } from '../../../engine/onnx/model.ts';
import { writeModel } from '../../../engine/onnx/write-model.ts';
import { adam, createTrainer } from '../../../engine/training/index.ts';
import { withFloatWeights } from '../../../engine/training/parameters.ts';
import { writeTrained } from '../../../engine/training/trained-model.ts';
import { randomNumbers } from '../../../player/learning/random.ts';
import { withStorageOf } from '../../../player/learning/storage.ts';
import { StoredForm } from '../../../player/learning/stored-form.ts';
import { fineTuning } from '../../../player/learning/task.ts';

const at = (path: string) => fileURLToPath(new URL(path, import.meta.url));
const PYTHON = process.env.LIMNER_PYTHON ?? at('../../../../.venv/bin/python');
const NIGHT = at('../../../../src/limner/looks/night.onnx');
const folder = mkdtempSync(join(tmpdir(), 'storage-'));
afterAll(() => rmSync(folder, { recursive: true }));

const python = (code: string, ...given: string[]): string =>
  execFileSync(PYTHON, ['-c', code, folder, ...given], { encoding: 'utf8' });

/** A packaged look in another form, and what learns of it: the same with weights of float32. */
async function writeLook(storage: string): Promise<{ float: OnnxModel; original: Uint8Array }> {
  const code = `import sys, onnx
from limner.look.quantization import dequantize_weights, quantize_weights
folder, source, storage = sys.argv[1:]
model = quantize_weights(dequantize_weights(onnx.load(source)), storage)
onnx.save(model, f"{folder}/original.onnx")`;
  python(code, NIGHT, storage);
  const original = new Uint8Array(readFileSync(join(folder, 'original.onnx')));
  return { float: readModel(writeTrained(await withFloatWeights(readModel(original)), new Map())), original };
}

/** As if it had learned: all weights are other ones, and one channel is zeros. */
function changed(model: OnnxModel): OnnxModel {
  const constants = new Map(model.constants);
  for (const constant of model.constants.values()) {
    if (constant.type !== 'float32' || !constant.name.endsWith('weight')) continue;
    const random = randomNumbers(constants.size + constant.bytes.length);
    const values = floats(constant).map(value => value + 0.02 * (random() - 0.5));
    values.fill(0, 0, 9);
    constants.set(constant.name, constantOf(constant.name, constant.dims, values));
  }
  return { ...model, constants };
}

/** Compares a file with limner's own storage of the float32 file: what differs, and how the paintings do. */
const COMPARE = `import sys, json, onnx, pathlib
import numpy as np
from onnx import numpy_helper
from limner.look.look import open_look
from limner.look.quantization import quantize_weights
folder, storage = sys.argv[1:]
path = pathlib.Path(folder)
ours = {t.name: t for t in onnx.load(path / "stored.onnx").graph.initializer}
theirs = {t.name: t for t in quantize_weights(onnx.load(path / "learned.onnx"), storage).graph.initializer}
different = [
    name for name, t in theirs.items()
    if name not in ours or ours[name].data_type != t.data_type
    or not np.array_equal(numpy_helper.to_array(ours[name]), numpy_helper.to_array(t))
]
image = np.random.default_rng(0).random((256, 256, 3), dtype=np.float32)
paintings = [open_look(path / f"{name}.onnx").run(image)[0] for name in ("stored", "learned")]
error = float(np.mean((paintings[0] - paintings[1]) ** 2))
print(json.dumps({
    "different": different, "same": len(ours) == len(theirs), "psnr": -10 * np.log10(error)
}))`;

/** Least PSNR, in dB, of its paintings against those of the look in float32. */
const STORAGES = [
  ['uint8', 40],
  ['uint16', 90],
  ['float16', 75],
] as const;

test.each(STORAGES)('weights in %s are those of `limner export`', async (storage, psnr) => {
  const { float, original } = await writeLook(storage);
  const learned = changed(float);
  writeFileSync(join(folder, 'learned.onnx'), writeModel(learned));
  const stored = writeModel(withStorageOf(readModel(original), learned));
  writeFileSync(join(folder, 'stored.onnx'), stored);
  const found = JSON.parse(python(COMPARE, storage));
  expect(found).toMatchObject({ different: [], same: true });
  console.log(`${storage}: ${found.psnr.toFixed(1)} dB, ${stored.length} bytes`);
  expect(found.psnr).toBeGreaterThan(psnr);
});

test('a look that learned has as many bytes as before, and as many as the panel says', async () => {
  const { original } = await writeLook('uint8');
  const size = { width: 256, height: 256 };
  const task = fineTuning({ bytes: original, size, texts: () => ({ name: 'Night', from: 'x' }) }, [], true);
  const options = { loss: 'l1', optimizer: adam(), learningRate: 1e-3, backend: 'cpu' } as const;
  const trainer = await createTrainer(task.model, options);
  const image = new Float32Array(3 * 256 * 256).fill(0.5);
  await trainer.step({ image, [trainer.target]: image });
  const saved = await task.save(trainer);
  expect(Math.abs(saved.length - (task.form.bytes ?? 0))).toBeLessThan(0.02 * saved.length); // texts
  expect((await task.write(trainer)).length).toBeGreaterThan(3 * saved.length);
  trainer.destroy();
  const model = readModel(saved);
  expect(model.metadata.get('limner.name')).toBe('Night (learned)');
  expect(model.nodes.map(({ op }) => op)).toContain('DequantizeLinear');
});

/** The packaged look with its DequantizeLinear nodes and constants changed. */
function withNodes(
  original: Uint8Array,
  change: (node: OnnxNode) => OnnxNode,
  changeConstant: (constant: Constant) => Constant = constant => constant,
): OnnxModel {
  const model = readModel(original);
  const stored = new Set(
    model.nodes.flatMap(({ op, inputs }) => (op === 'DequantizeLinear' ? inputs.slice(0, 1) : [])),
  );
  const constants = [...model.constants].map(
    ([name, one]) => [name, stored.has(name) ? changeConstant(one) : one] as const,
  );
  const nodes = model.nodes.map(node => (node.op === 'DequantizeLinear' ? change(node) : node));
  return { ...model, nodes, constants: new Map(constants) };
}

const withoutZeroPoint = (node: OnnxNode): OnnxNode => ({ ...node, inputs: node.inputs.slice(0, 2) });
const asInt8 = (constant: Constant): Constant => ({ ...constant, type: 'int8' });

/** What a look is saved as that learned one step, and what the panel says of it. */
async function learnAndSave(file: Uint8Array) {
  const size = { width: 256, height: 256 };
  const task = fineTuning({ bytes: file, size, texts: () => ({ name: 'Night', from: 'x' }) }, [], true);
  const options = { loss: 'l1', optimizer: adam(), learningRate: 1e-3, backend: 'cpu' } as const;
  const trainer = await createTrainer(task.model, options);
  const saved = await task.save(trainer);
  trainer.destroy();
  return { saved, form: task.form };
}

test('weights of a symmetric form have no zero point, and zero stays zero', async () => {
  const { original, float } = await writeLook('uint8');
  const learned = changed(float);
  const stored = withStorageOf(withNodes(original, withoutZeroPoint, asInt8), learned);
  const readers = stored.nodes.filter(({ op }) => op === 'DequantizeLinear');
  expect(readers.length).toBeGreaterThan(3);
  for (const { inputs } of readers) {
    const integers = stored.constants.get(inputs[0] ?? '');
    expect([inputs.length, integers?.type]).toEqual([2, 'int8']);
    expect(Math.min(...new Int8Array(integers?.bytes.slice().buffer ?? []))).toBeGreaterThanOrEqual(-127);
  }
  const again = await withFloatWeights(readModel(writeModel(stored)));
  for (const { outputs, inputs } of readers) {
    const [name = ''] = outputs;
    const [before, after] = [learned, again].map(({ constants }) => floats(constants.get(name) as Constant));
    const most = Math.max(...floats(stored.constants.get(inputs[1] ?? '') as Constant));
    before?.forEach((value, i) => {
      const back = after?.[i] ?? Number.NaN;
      if (value === 0) expect(back).toBe(0);
      else if (Math.abs(back - value) > 0.501 * most) expect.fail(`${name}: ${value} became ${back}`);
    });
  }
});

test('a symmetric look that learned has as many bytes as the panel says', async () => {
  const { original } = await writeLook('uint8');
  const { saved, form } = await learnAndSave(writeModel(withNodes(original, withoutZeroPoint, asInt8)));
  expect(Math.abs(saved.length - (form.bytes ?? 0))).toBeLessThan(0.02 * saved.length);
  expect(saved.length).toBeLessThan(1.05 * original.length);
});

test('weights of another form stay whole, and the panel says so many bytes', async () => {
  const { original, float } = await writeLook('uint8');
  const other = withNodes(original, withoutZeroPoint);
  const stored = withStorageOf(other, float);
  expect(stored.nodes.some(({ op }) => op === 'DequantizeLinear')).toBe(false);
  expect(stored.nodes.some(({ op }) => op === 'Cast')).toBe(true);
  const { saved, form } = await learnAndSave(writeModel(other));
  expect(saved.length).toBeGreaterThan(3 * original.length);
  expect(Math.abs(saved.length - (form.bytes ?? 0))).toBeLessThan(0.02 * saved.length);
  expect(form.remark).toBe('');
});

test('where the storage cannot be fetched, weights stay whole, and the page says why', async () => {
  const { original, float } = await writeLook('uint8');
  let isOffline = true;
  const form = new StoredForm(original, readModel(original), () =>
    isOffline
      ? Promise.reject(new TypeError('Failed to fetch'))
      : import('../../../player/learning/storage.ts'),
  );
  const file = writeModel(float);
  expect((await form.store(file)) === file).toBe(true);
  expect(form.remark).toContain('Check the connection and save it again');
  expect(form.bytes).toBeGreaterThan(3 * original.length);
  isOffline = false;
  expect((await form.store(file)).length).toBeLessThan(1.05 * original.length);
  expect([form.remark, form.bytes]).toEqual(['', original.length]);
});
