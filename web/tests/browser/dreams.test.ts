// Steps of dreams on WebGPU, and what a frame of a dream costs beside its kernels.

import { expect, test } from 'vitest';
import { createPainter, readLook } from '../../engine/index.ts';
import { compareDreams } from '../dreams.ts';
import { fetchBytes } from '../fetch.ts';
import { trackGpuMemory } from '../gpu-memory.ts';

compareDreams('webgpu');

test('a frame of a dream creates no buffer and reads nothing back', async () => {
  const look = await readLook(await fetchBytes('dream-look.onnx'));
  const canvas = new OffscreenCanvas(1, 1);
  const painter = await createPainter(look, { backend: 'webgpu', canvas, upkeep: false });
  const source = new OffscreenCanvas(64, 64);
  source.getContext('2d')?.fillRect(0, 0, 20, 50);
  for (let frame = 0; frame < 2; frame++) painter.paint(source);
  await painter.finished();
  const memory = trackGpuMemory();
  for (let frame = 0; frame < 20; frame++) painter.paint(source);
  await painter.finished();
  memory.close();
  expect([memory.maps, memory.peakBytes, memory.pipelines]).toEqual([0, 0, []]);
  painter.destroy();
});
