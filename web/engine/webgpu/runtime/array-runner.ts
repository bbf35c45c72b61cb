// `run`: the graph on arrays, for tests and tools, never for frames. It is fetched at the first call. Only then its
// own kernels are compiled: those that read a frame otherwise, and the painting to a buffer. It shares the others
// with the frames, in the shapes from before tuning.

import { EngineError } from '../../error.ts';
import { productOf } from '../../graph/ir/strides.ts';
import { paddedLength, type Tensor } from '../../graph/ir/tensor.ts';
import type { Plan } from '../../graph/passes/plan.ts';
import type { RunOptions } from '../../painter.ts';
import { readInputs, readLiveInputs } from '../../run-inputs.ts';
import { type FramePlan, type FrameStep, singleStep } from '../kernels/frame-fusion.ts';
import { narrowValues, storedBytes, widenValues } from '../kernels/precision.ts';
import { type BoundKernel, compileStep } from './frame-program.ts';
import { withErrorScopes } from './memory.ts';
import { forEachElement, packNhwc4 } from './nhwc4.ts';
import { awaitKernel, dispatch, makeBindGroup, type PipelineCache } from './pipeline-cache.ts';
import type { LearnedBuffers } from './plan-buffers.ts';

type Arrays = Record<string, Float32Array>;

/** The steps of a frame that write buffers, and then the guide, which a frame may never compute by itself. */
function splitSteps({ plan, steps, late }: FramePlan): {
  frame: readonly FrameStep[];
  guide: readonly FrameStep[];
} {
  if (!plan.hasCamera) return { frame: plan.operations.map(singleStep), guide: [] };
  return {
    // A copy of a tensor to the canvas is no operation of the plan.
    frame: steps.filter(step => step.kind !== 'single' || plan.operations.includes(step.operation)),
    guide: late.filter(({ output }) => plan.outputs.includes(output)).map(singleStep),
  };
}

export class ArrayRunner {
  /** Whether `run` was given inputs before. */
  #hasInputs = false;

  private constructor(
    readonly plan: Plan & LearnedBuffers,
    readonly pipelines: PipelineCache,
    readonly image: GPUBuffer,
    readonly frame: readonly BoundKernel[],
    readonly guide: readonly BoundKernel[],
  ) {}

  static async create(framePlan: FramePlan, pipelines: PipelineCache): Promise<ArrayRunner> {
    const { plan } = framePlan;
    const { device, allocator, config } = pipelines;
    const camera = plan.hasCamera ? plan.inputs[0] : undefined;
    const usage = GPUBufferUsage.STORAGE | GPUBufferUsage.COPY_DST;
    const { picture, frame, guide } = await withErrorScopes(device, () => {
      const given = allocator.allocate(
        'picture',
        camera ? storedBytes(config.precision, 4 * paddedLength(camera)) : 16,
        usage,
      );
      const prepare = (step: FrameStep) => {
        const one = pipelines.prepare(compileStep(framePlan, config, step, null));
        return { one, group: makeBindGroup(device, one, () => ({ buffer: given })) };
      };
      const steps = splitSteps(framePlan);
      return { picture: given, frame: steps.frame.map(prepare), guide: steps.guide.map(prepare) };
    });
    const bound = (prepared: typeof frame): Promise<BoundKernel[]> =>
      Promise.all(prepared.map(async ({ one, group }) => ({ compiled: await awaitKernel(one), group })));
    return new ArrayRunner(plan, pipelines, picture, await bound(frame), await bound(guide));
  }

  /** `live` are the current live inputs. Inputs of their names override them for this run. */
  async run(inputs: Arrays, live: Float32Array, { read = true, state }: RunOptions): Promise<Arrays> {
    const { plan, pipelines } = this;
    const { device, buffers } = pipelines;
    if (state) return this.#accessState(inputs, state, read);
    this.#write(readInputs(plan, inputs, this.#hasInputs));
    this.#hasInputs = true;
    const named = plan.live.some(({ name }) => Object.hasOwn(inputs, name));
    if (named) device.queue.writeBuffer(buffers.live, 0, readLiveInputs(plan, inputs, live));
    plan.update?.();
    const encoder = device.createCommandEncoder({ label: 'run' });
    const pass = encoder.beginComputePass({ label: 'run' });
    for (const { compiled, group } of this.frame) dispatch(pass, compiled, group);
    if (read) for (const { compiled, group } of this.guide) dispatch(pass, compiled, group);
    pass.end();
    const finish = this.#startReading(read ? plan.outputs : [], encoder);
    device.queue.submit([encoder.finish()]);
    if (named) device.queue.writeBuffer(buffers.live, 0, new Float32Array(live));
    return finish();
  }

  async #accessState(given: Arrays, how: 'only' | 'reset', read: boolean): Promise<Arrays> {
    const { plan, pipelines } = this;
    this.#write((await import('../../state.ts')).readStateValues(plan, given, how));
    const encoder = pipelines.device.createCommandEncoder({ label: 'state' });
    const kept = plan.state?.map(({ input }) => input) ?? [];
    const finish = this.#startReading(read ? kept : [], encoder);
    pipelines.device.queue.submit([encoder.finish()]);
    return finish();
  }

  #write(given: readonly (readonly [Tensor, Float32Array])[]): void {
    const { device, config } = this.pipelines;
    for (const [tensor, values] of given) {
      device.queue.writeBuffer(
        this.#buffer(tensor),
        0,
        narrowValues(config.precision, packNhwc4(tensor, values)),
      );
    }
  }

  #buffer(tensor: Tensor): GPUBuffer {
    const { plan, pipelines } = this;
    if (plan.hasCamera && tensor === plan.inputs[0]) return this.image;
    const slice = plan.slices.get(tensor);
    if (!slice) throw new EngineError(`Tensor '${tensor.name}' has no buffer.`);
    return pipelines.buffers.buffer(slice.buffer);
  }

  /** Copies in the same submission, since frames may overwrite the buffers before they are read. Call the result when
   * that was submitted. */
  #startReading(tensors: readonly Tensor[], encoder: GPUCommandEncoder): () => Promise<Arrays> {
    const copies = tensors.map(tensor => this.#copy(tensor, encoder));
    return async () => {
      const values: Arrays = {};
      for (const { tensor, copy } of copies) values[tensor.name] = await this.#readBack(tensor, copy);
      return values;
    };
  }

  #copy(tensor: Tensor, encoder: GPUCommandEncoder): { tensor: Tensor; copy: GPUBuffer } {
    const from = this.#buffer(tensor);
    const usage = GPUBufferUsage.MAP_READ | GPUBufferUsage.COPY_DST;
    const copy = this.pipelines.device.createBuffer({ label: 'read', size: from.size, usage });
    encoder.copyBufferToBuffer(from, 0, copy, 0, from.size);
    return { tensor, copy };
  }

  async #readBack(tensor: Tensor, copy: GPUBuffer): Promise<Float32Array> {
    await copy.mapAsync(GPUMapMode.READ);
    const { stride, offset } = this.plan.slices.get(tensor) ?? { stride: 1, offset: 0 };
    const packed = widenValues(this.pipelines.config.precision, copy.getMappedRange());
    const values = unpackNhwc4(tensor, packed, stride, offset);
    copy.destroy();
    return values;
  }
}

function unpackNhwc4(tensor: Tensor, packed: Float32Array, stride: number, offset: number): Float32Array {
  const values = new Float32Array(productOf(tensor.shape));
  forEachElement(tensor, stride, offset, (onnx, gpu) => {
    values[onnx] = packed[gpu] ?? 0;
  });
  return values;
}
