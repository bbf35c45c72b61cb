// `run`: the graph on arrays. For who wants numbers of it, tests and tools; never for frames. It is fetched, and
// its few kernels of its own (those that a frame feeds, and the painting to a buffer) are compiled, when it is
// first called. A look's kernels are else those of its frames, in the shapes that they had before the tuner.

import { EngineError } from '../../error.ts';
import type { Operation } from '../../graph/ir/operation.ts';
import { productOf } from '../../graph/ir/strides.ts';
import { paddedLength, type Tensor } from '../../graph/ir/tensor.ts';
import type { Plan } from '../../graph/passes/plan.ts';
import type { RunOptions } from '../../painter.ts';
import { readInputs, readLiveInputs } from '../../run-inputs.ts';
import type { Merged, Step } from '../kernels/frame-fusion.ts';
import { bytesIn, narrowed, widened } from '../kernels/precision.ts';
import { type Bound, compileStep } from './frame-program.ts';
import { checked } from './memory.ts';
import { toBlocks, walk } from './nhwc4.ts';
import { bindGroup, compiled, dispatch, type Pipelines } from './pipeline-cache.ts';

type Arrays = Record<string, Float32Array>;

const plain = (operation: Operation): Step => ({ kind: 'plain', operation });

/** The steps of a frame that make what they make in buffers, and then what a frame never makes: the guide. */
function stepsOf({ plan, steps }: Merged): { frame: readonly Step[]; beside: readonly Step[] } {
  if (!plan.camera) return { frame: plan.operations.map(plain), beside: [] };
  return {
    // What only shows a tensor on the canvas is no operation of the plan.
    frame: steps.filter(step => step.kind !== 'plain' || plan.operations.includes(step.operation)),
    beside: steps.flatMap(step =>
      step.kind === 'opening' && plan.outputs.includes(step.guide.output) ? [plain(step.guide)] : [],
    ),
  };
}

export class Reader {
  /** Inputs have been given once. */
  #given = false;

  private constructor(
    readonly plan: Plan,
    readonly pipelines: Pipelines,
    readonly picture: GPUBuffer,
    readonly frame: readonly Bound[],
    readonly beside: readonly Bound[],
  ) {}

  static async create(merged: Merged, pipelines: Pipelines): Promise<Reader> {
    const { plan } = merged;
    const { device, memory, style } = pipelines;
    const camera = plan.camera ? plan.inputs[0] : undefined;
    const usage = GPUBufferUsage.STORAGE | GPUBufferUsage.COPY_DST;
    const { picture, frame, beside } = await checked(device, () => {
      const given = memory.make(
        'picture',
        camera ? bytesIn(style.precision, 4 * paddedLength(camera)) : 16,
        usage,
      );
      const prepare = (step: Step) => {
        const one = pipelines.prepare(compileStep(merged, style, step, null));
        return { one, group: bindGroup(device, one, () => ({ buffer: given })) };
      };
      const steps = stepsOf(merged);
      return { picture: given, frame: steps.frame.map(prepare), beside: steps.beside.map(prepare) };
    });
    const bound = (prepared: typeof frame): Promise<Bound[]> =>
      Promise.all(prepared.map(async ({ one, group }) => ({ compiled: await compiled(one), group })));
    return new Reader(plan, pipelines, picture, await bound(frame), await bound(beside));
  }

  /** `live` are values as they are set; inputs of their names are for this once. */
  async run(inputs: Arrays, live: Float32Array, { read = true }: RunOptions): Promise<Arrays> {
    const { plan, pipelines } = this;
    const { device, shared } = pipelines;
    this.#give(inputs);
    const named = plan.live.some(({ name }) => Object.hasOwn(inputs, name));
    if (named) device.queue.writeBuffer(shared.live, 0, readLiveInputs(plan, inputs, live));
    const encoder = device.createCommandEncoder({ label: 'run' });
    const pass = encoder.beginComputePass({ label: 'run' });
    for (const { compiled, group } of this.frame) dispatch(pass, compiled, group);
    if (read) for (const { compiled, group } of this.beside) dispatch(pass, compiled, group);
    pass.end();
    const copies = read ? plan.outputs.map(tensor => this.#copy(tensor, encoder)) : [];
    device.queue.submit([encoder.finish()]);
    if (named) device.queue.writeBuffer(shared.live, 0, new Float32Array(live));
    const outputs: Arrays = {};
    for (const { tensor, copy } of copies) outputs[tensor.name] = await this.#taken(tensor, copy);
    return outputs;
  }

  #give(inputs: Arrays): void {
    const { device, style } = this.pipelines;
    for (const [tensor, values] of readInputs(this.plan, inputs, this.#given)) {
      device.queue.writeBuffer(this.#buffer(tensor), 0, narrowed(style.precision, toBlocks(tensor, values)));
    }
    this.#given = true;
  }

  #buffer(tensor: Tensor): GPUBuffer {
    const { plan, pipelines } = this;
    if (plan.camera && tensor === plan.inputs[0]) return this.picture;
    const place = plan.slices.get(tensor);
    if (!place) throw new EngineError(`Tensor '${tensor.name}' has no buffer.`);
    return pipelines.shared.buffer(place.buffer);
  }

  /** Copied in the same submission: frames between this and its reading may paint over it. */
  #copy(tensor: Tensor, encoder: GPUCommandEncoder): { tensor: Tensor; copy: GPUBuffer } {
    const from = this.#buffer(tensor);
    const usage = GPUBufferUsage.MAP_READ | GPUBufferUsage.COPY_DST;
    const copy = this.pipelines.device.createBuffer({ label: 'read', size: from.size, usage });
    encoder.copyBufferToBuffer(from, 0, copy, 0, from.size);
    return { tensor, copy };
  }

  async #taken(tensor: Tensor, copy: GPUBuffer): Promise<Float32Array> {
    await copy.mapAsync(GPUMapMode.READ);
    const { stride, offset } = this.plan.slices.get(tensor) ?? { stride: 1, offset: 0 };
    const packed = widened(this.pipelines.style.precision, copy.getMappedRange());
    const values = fromBlocks(tensor, packed, stride, offset);
    copy.destroy();
    return values;
  }
}

function fromBlocks(tensor: Tensor, packed: Float32Array, stride: number, offset: number): Float32Array {
  const values = new Float32Array(productOf(tensor.shape));
  walk(tensor, stride, offset, (onnx, gpu) => {
    values[onnx] = packed[gpu] ?? 0;
  });
  return values;
}
