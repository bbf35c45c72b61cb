// `run`: the graph on arrays, with its outputs read back. For tests and tools, never for frames. It is fetched,
// and its few kernels of its own (the picture from an array, the painting to a buffer) are compiled, when it is
// first called.

import { EngineError } from '../error.ts';
import { stored } from '../graph/cost.ts';
import type { Tensor } from '../graph/operation.ts';
import type { Plan } from '../graph/plan.ts';
import { liveValues } from '../live.ts';
import { fromBlocks, toBlocks } from './arrays.ts';
import { dispatch, isSource, makeShared } from './buffers.ts';
import { compile, fetchKernels } from './compile.ts';
import { checked, Memory } from './memory.ts';
import { compileGiven } from './picture.ts';
import { bindGroup, type Compiled, compiled, Pipelines } from './pipelines.ts';
import { bytesIn, narrowed, widened } from './precision.ts';
import { styleFor } from './style.ts';

export interface Reader {
  run(inputs: Record<string, Float32Array>, live: Float32Array): Promise<Record<string, Float32Array>>;
}

export async function makeReader(plan: Plan, pipelines: Pipelines): Promise<Reader> {
  const { device, memory, shared, style } = pipelines;
  const camera = plan.camera ? plan.inputs[0] : undefined;
  const usage = GPUBufferUsage.STORAGE | GPUBufferUsage.COPY_DST;
  const { picture, prepared } = await checked(device, () => {
    const given = memory.make('picture', camera ? bytesIn(style.precision, 4 * stored(camera)) : 16, usage);
    const kernels = plan.operations.map(operation =>
      isSource(operation) ? compileGiven(plan, style, operation) : compile(plan, style, operation),
    );
    const made = kernels.map(kernel => {
      const one = pipelines.prepare(kernel);
      return { one, group: bindGroup(device, one, () => ({ buffer: given })) };
    });
    return { picture: given, prepared: made };
  });
  const steps = await Promise.all(
    prepared.map(async ({ one, group }) => ({ compiled: await compiled(one), group })),
  );
  const bufferOf = (tensor: Tensor): GPUBuffer => {
    if (tensor === camera) return picture;
    const place = plan.places.get(tensor);
    if (!place) throw new EngineError(`Tensor '${tensor.name}' has no buffer.`);
    return shared.buffer(place.buffer);
  };
  return { run: (inputs, live) => runOnce(plan, pipelines, steps, bufferOf, inputs, live) };
}

async function runOnce(
  plan: Plan,
  pipelines: Pipelines,
  steps: readonly { compiled: Compiled; group: GPUBindGroup }[],
  bufferOf: (tensor: Tensor) => GPUBuffer,
  inputs: Record<string, Float32Array>,
  live: Float32Array,
): Promise<Record<string, Float32Array>> {
  const { device, shared, style } = pipelines;
  for (const tensor of plan.inputs) {
    const values = Object.hasOwn(inputs, tensor.name) ? inputs[tensor.name] : undefined;
    const size = tensor.shape.reduce((a, b) => a * b, 1);
    if (values?.length !== size) {
      throw new EngineError(
        `Input '${tensor.name}' needs ${size} numbers and got ${values?.length ?? 'none'}.`,
      );
    }
    device.queue.writeBuffer(bufferOf(tensor), 0, narrowed(style.precision, toBlocks(tensor, values)));
  }
  const given = new Float32Array(live);
  plan.live.forEach(({ name }, i) => {
    if (Object.hasOwn(inputs, name)) given[i] = inputs[name]?.[0] ?? 0;
  });
  device.queue.writeBuffer(shared.live, 0, given);
  const encoder = device.createCommandEncoder({ label: 'run' });
  const pass = encoder.beginComputePass({ label: 'run' });
  for (const { compiled, group } of steps) dispatch(pass, compiled, group);
  pass.end();
  const staged = plan.outputs.map(tensor => {
    const { size } = bufferOf(tensor);
    const copy = device.createBuffer({
      label: 'read',
      size,
      usage: GPUBufferUsage.MAP_READ | GPUBufferUsage.COPY_DST,
    });
    encoder.copyBufferToBuffer(bufferOf(tensor), 0, copy, 0, size);
    return { tensor, copy };
  });
  device.queue.submit([encoder.finish()]);
  device.queue.writeBuffer(shared.live, 0, new Float32Array(live));
  const outputs: Record<string, Float32Array> = {};
  for (const { tensor, copy } of staged) {
    await copy.mapAsync(GPUMapMode.READ);
    const place = plan.places.get(tensor);
    const packed = widened(style.precision, copy.getMappedRange());
    outputs[tensor.name] = fromBlocks(tensor, packed, place?.stride ?? 1, place?.offset ?? 0);
    copy.destroy();
  }
  return outputs;
}

/** A graph once, on a device: for tests and tools that have no look. */
export async function runGraph(
  plan: Plan,
  device: GPUDevice,
  inputs: Record<string, Float32Array>,
): Promise<Record<string, Float32Array>> {
  await fetchKernels(plan);
  const memory = new Memory(device);
  try {
    const style = styleFor(device);
    const pipelines = await checked(
      device,
      () => new Pipelines(memory, makeShared(memory, plan, style), style),
    );
    const reader = await makeReader(plan, pipelines);
    return await reader.run(inputs, liveValues(plan));
  } finally {
    memory.destroy();
  }
}
