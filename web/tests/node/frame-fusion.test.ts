// Fusion of a frame's operations into kernels.

import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import type { Tensor } from '../../engine/graph/ir/tensor.ts';
import { readLook } from '../../engine/index.ts';
import { fuseFrame } from '../../engine/webgpu/kernels/frame-fusion.ts';
import { fitTile } from '../../engine/webgpu/kernels/input-conv.ts';
import { compileStep } from '../../engine/webgpu/runtime/frame-program.ts';
import { SOFTWARE_CONFIG } from '../../engine/webgpu/tuning/defaults.ts';
import { CACHE } from '../cases.ts';

const planOf = async (name: string) =>
  (await readLook(new Uint8Array(readFileSync(`${CACHE}/${name}.onnx`)))).plan;

test.each(['full-256-uint8-levels', 'lean-256-uint8-levels'])(
  '%s: before its convolutions, auto-levels and smoothing cost a kernel each',
  async name => {
    const { steps, guide } = fuseFrame(await planOf(name));
    const kinds = steps.map(step => (step.kind === 'single' ? step.operation.kind : step.kind));
    expect(kinds).toEqual(['downsample', 'resample', 'resample', ...Array(12).fill('convolution')]);
    expect(steps.length).toBeLessThanOrEqual(15);
    expect(guide?.kind).toBe('resample');
  },
);

test.each([
  ['full-256-uint8-levels', false],
  ['lean-256-uint8-levels', false],
  ['lean-256-uint8-soft', true],
])('%s: the picture is written where more than its downsampling reads it (%s)', async (name, isWritten) => {
  const framePlan = fuseFrame(await planOf(name));
  const [step] = framePlan.steps;
  if (step?.kind !== 'downsample') throw new Error('no downsampling');
  const { bindings } = compileStep(framePlan, SOFTWARE_CONFIG, step, null);
  const written = bindings.flatMap(binding => (binding.kind === 'write' ? [binding.buffer] : []));
  const bufferOf = (tensor: Tensor) => framePlan.plan.slices.get(tensor)?.buffer;
  expect(written.sort()).toEqual(
    [...(isWritten ? [bufferOf(step.source.output)] : []), bufferOf(step.means.output)].sort(),
  );
});

test.each([
  ['lean-256-uint8-soft', 15],
  ['small-256-uint8-soft', 17],
  ['medium-256-uint8-soft', 17],
  ['large-256-uint8-soft', 17],
])(
  '%s: the picture is fused with its downsampling, and the guide with the first convolution',
  async (name, steps) => {
    const framePlan = fuseFrame(await planOf(name));
    expect(framePlan.steps).toHaveLength(steps);
    expect(framePlan.steps.slice(0, 3).map(({ kind }) => kind)).toEqual([
      'downsample',
      'inputConv',
      'single',
    ]);
    expect(framePlan.steps.slice(2).every(({ kind }) => kind === 'single')).toBe(true);
  },
);

test('a convolution that reads the picture directly samples it itself', async () => {
  const { steps, guide } = fuseFrame(await planOf('lean-64-uint16-colour'));
  expect(steps[0]?.kind).toBe('inputConv');
  expect(guide?.kind).toBe('frameInput');
});

test('the edges guide is a convolution that samples the picture itself, and no tile of the next one', async () => {
  const { steps, plan } = fuseFrame(await planOf('lean-64-float16-edges'));
  expect(steps.slice(1).map(({ kind }) => kind)).not.toContain('inputConv');
  const [first] = steps;
  expect(first?.kind === 'inputConv' && first.convolution.output).toBe(plan.outputs[1]);
});

test('a guide that the network does not read is computed where it is shown, from what is kept for it', async () => {
  const whole = await planOf('full-256-uint8-levels');
  const { steps, guide, plan } = fuseFrame(whole);
  expect(guide?.output).toBe(whole.outputs[1]);
  expect(whole.operations).toContain(guide);
  expect(steps.filter(step => step.kind === 'single').map(({ operation }) => operation)).not.toContain(guide);
  for (const tensor of guide?.inputs ?? []) {
    const kept = plan.slices.get(tensor)?.buffer;
    const others = [...plan.slices].filter(([other, { buffer }]) => other !== tensor && buffer === kept);
    expect(others).toEqual([]);
  }
});

test('no fused kernel reads a buffer that it writes', async () => {
  for (const name of ['lean-256-uint8-soft', 'large-256-uint8-soft', 'lean-64-uint16-colour']) {
    const { steps, plan } = fuseFrame(await planOf(name));
    const bufferOf = (tensor: Parameters<typeof plan.slices.get>[0]) => plan.slices.get(tensor)?.buffer;
    for (const step of steps) {
      if (step.kind === 'downsample') {
        expect(bufferOf(step.source.output)).not.toBe(bufferOf(step.means.output));
      } else if (step.kind === 'inputConv') {
        for (const tensor of step.guide.inputs)
          expect(bufferOf(tensor)).not.toBe(bufferOf(step.convolution.output));
      }
    }
  }
});

test('a tile fits into the workgroup memory that every GPU has', async () => {
  const { steps } = fuseFrame(await planOf('lean-64-uint16-colour'));
  for (const step of steps) {
    if (step.kind !== 'inputConv') continue;
    const { tile } = step;
    expect(tile.channels).toBe(3);
    const [rows = 0, columns = 0] = tile.size;
    expect((rows + tile.inputRows) * columns * 3 * 4).toBeLessThanOrEqual(16384);
  }
});

test('a guide whose rows are not in ascending order has no tile', async () => {
  const { steps } = fuseFrame(await planOf('lean-256-uint8-soft'));
  const fused = steps.find(step => step.kind === 'inputConv');
  if (fused?.kind !== 'inputConv' || fused.guide.kind !== 'resample') throw new Error('no soft guide');
  const { guide, convolution } = fused;
  expect(fitTile(guide, convolution)).toEqual(fused.tile);
  const left = guide.left && { ...guide.left, starts: guide.left.starts.toReversed() };
  expect(fitTile({ ...guide, left }, convolution)).toBeNull();
  const right = guide.right && { ...guide.right, starts: guide.right.starts.toReversed() };
  expect(fitTile({ ...guide, right }, convolution)).toEqual(fused.tile);
});
