// What a look learned in the page is stored as the look was: in the same bits as `limner export` writes.

import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, expect, test } from 'vitest';
import { constantOf, floats } from '../../../engine/onnx/constant.ts';
import { type OnnxModel, readModel } from '../../../engine/onnx/model.ts';
import { writeModel } from '../../../engine/onnx/write-model.ts';
import { adam, createTrainer } from '../../../engine/training/index.ts';
import { withFloatWeights } from '../../../engine/training/parameters.ts';
import { writeTrained } from '../../../engine/training/trained-model.ts';
import { randomNumbers } from '../../../player/learning/random.ts';
import { withStorageOf } from '../../../player/learning/storage.ts';
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
  expect(Math.abs(saved.length - task.bytes)).toBeLessThan(0.02 * task.bytes); // texts
  expect((await task.write(trainer)).length).toBeGreaterThan(3 * saved.length);
  trainer.destroy();
  const model = readModel(saved);
  expect(model.metadata.get('limner.name')).toBe('Night (learned)');
  expect(model.nodes.map(({ op }) => op)).toContain('DequantizeLinear');
});

test('weights that other programs store stay whole where their form is another one', async () => {
  const { original, float } = await writeLook('uint8');
  const blocked = readModel(original);
  const nodes = blocked.nodes.map(node =>
    node.op === 'DequantizeLinear' ? { ...node, inputs: node.inputs.slice(0, 2) } : node,
  );
  const stored = withStorageOf({ ...blocked, nodes }, float);
  expect(stored.nodes.some(({ op }) => op === 'DequantizeLinear')).toBe(false);
  expect(stored.nodes.some(({ op }) => op === 'Cast')).toBe(true);
});
