// The program of a frame: its kernels, compiled and bound to what all frames share.

import { assertNever, EngineError } from '../../error.ts';
import type { Operation } from '../../graph/ir/operation.ts';
import type { Plan } from '../../graph/passes/plan.ts';
import type { OnCompiled } from '../../painter.ts';
import { compile } from '../kernels/compile.ts';
import type { KernelConfig } from '../kernels/config.ts';
import { type FramePlan, type FrameStep, fuseFrame } from '../kernels/frame-fusion.ts';
import { compileDownsample, compileFrameInput } from '../kernels/frame-source.ts';
import { compileInputConv } from '../kernels/input-conv.ts';
import {
  type Binding,
  type FrameKind,
  type FrameLayout,
  type Kernel,
  type Target,
  TO_BUFFER,
} from '../kernels/kernel.ts';
import type { ExtendedKernels, KernelContext } from '../kernels/shader.ts';
import { type BufferAllocator, withErrorScopes } from './memory.ts';
import { awaitKernel, type CompiledKernel, makeBindGroup, PipelineCache } from './pipeline-cache.ts';
import { makePlanBuffers } from './plan-buffers.ts';

/** A kernel with the bind group that all frames share. */
export interface BoundKernel {
  readonly compiled: CompiledKernel;
  readonly group: GPUBindGroup;
}

/** One of something for each kind of frame. Most kernels are the same for both. */
export type PerFrameKind<T> = Readonly<Record<FrameKind, T>>;

/** A frame's kernels, in order, for each kind of frame that has come, the preferred one first. */
export interface FrameKernels {
  readonly config: KernelConfig;
  readonly byKind: Map<FrameKind, readonly BoundKernel[]>;
}

const noResource = (binding: Binding): never => {
  throw new EngineError(`The engine has nothing to bind as '${binding.kind}'.`);
};

/** What painting needs besides the kernels of a configuration. */
export interface FrameProgram {
  readonly framePlan: FramePlan;
  readonly pipelines: PipelineCache;
  readonly format: GPUTextureFormat;
  /** Whether frames may be external textures. If not, all kernels are for copied frames. */
  readonly hasExternal: boolean;
}

/** Some browsers lack external textures, and some only have the name. */
export async function hasExternalTextures(device: GPUDevice): Promise<boolean> {
  if (!('importExternalTexture' in device)) return false;
  const entries = [{ binding: 0, visibility: GPUShaderStage.COMPUTE, externalTexture: {} }];
  const made = withErrorScopes(device, () => device.createBindGroupLayout({ label: 'external', entries }));
  return made.then(
    () => true,
    () => false,
  );
}

export function createFrameProgram(
  allocator: BufferAllocator,
  plan: Plan,
  config: KernelConfig,
  format: GPUTextureFormat,
  hasExternal = true,
  extended: ExtendedKernels | null = null,
): FrameProgram {
  const framePlan = fuseFrame(plan, extended);
  const buffers = makePlanBuffers(allocator, framePlan.plan, config);
  return { framePlan, pipelines: new PipelineCache(allocator, buffers, config), format, hasExternal };
}

/** The kind of frames where all is well. */
export const preferredFrameKind = ({ hasExternal }: FrameProgram): FrameKind =>
  hasExternal ? 'external' : 'texture';

/** Prepares all kernels of a configuration at once, for those kinds of frames. Only the pipelines are awaited. */
export function prepareKernels(
  { framePlan, pipelines, format }: FrameProgram,
  config: KernelConfig,
  kinds: Iterable<FrameKind>,
): (onCompiled?: OnCompiled) => Promise<FrameKernels> {
  const steps = framePlan.plan.hasCamera ? framePlan.steps : [];
  const made = Array.from(kinds, kind => {
    const prepared = steps.map(step => {
      const one = pipelines.prepare(compileStep(framePlan, config, step, { kind, format }));
      return { one, group: makeBindGroup(pipelines.device, one, noResource) };
    });
    return { kind, prepared };
  });
  return async onCompiled => {
    const pipelinesOf = new Set(made.flatMap(({ prepared }) => prepared.map(({ one }) => one.pending)));
    let done = 0;
    // A failure is thrown below.
    for (const one of onCompiled ? pipelinesOf : [])
      one.then(() => onCompiled?.(++done, pipelinesOf.size)).catch(() => undefined);
    const byKind: FrameKernels['byKind'] = new Map();
    for (const { kind, prepared } of made) {
      const bound = prepared.map(async ({ one, group }) => ({ compiled: await awaitKernel(one), group }));
      byKind.set(kind, await Promise.all(bound));
    }
    return { config, byKind };
  };
}

/** Prepares them one after the other, each in an idle moment, so that frames go on; those of the last kind
 * first. Null if there is no such moment. */
export async function prepareWhileIdle(
  program: FrameProgram,
  config: KernelConfig,
  kinds: readonly FrameKind[],
  idle: () => Promise<boolean>,
): Promise<FrameKernels | null> {
  const { framePlan, pipelines, format } = program;
  const { device } = pipelines;
  for (const kind of [...kinds].reverse()) {
    for (const step of framePlan.steps) {
      const kernel = compileStep(framePlan, config, step, { kind, format });
      if (pipelines.has(kernel)) continue;
      if (!(await idle())) return null;
      await (await withErrorScopes(device, () => pipelines.prepare(kernel))).pending;
    }
  }
  return (await withErrorScopes(device, () => prepareKernels(program, config, kinds)))();
}

/** The kernels for that kind of frame. At its first frame, those that differ are made by `createComputePipeline`, which
 * returns at once: the browser compiles them before it executes that frame, which comes late and is not lost. */
export function kernelsOfKind(
  { framePlan, pipelines, format }: FrameProgram,
  { config, byKind }: FrameKernels,
  kind: FrameKind,
): readonly BoundKernel[] {
  const known = byKind.get(kind);
  if (known) return known;
  const [usual = []] = byKind.values();
  const made = usual.map((one, i) => {
    const step = framePlan.steps[i];
    if (!step || !one.compiled.kernel.frame) return one;
    const now = pipelines.compile(compileStep(framePlan, config, step, { kind, format }));
    return { compiled: now, group: makeBindGroup(pipelines.device, now, noResource) };
  });
  byKind.set(kind, made);
  return made;
}

/** A kernel for external frames, and another for copied ones if it differs. */
function kernelsPerKind(hasExternal: boolean, compileFor: (kind: FrameKind) => Kernel): Kernel[] {
  const first = compileFor(hasExternal ? 'external' : 'texture');
  return hasExternal && first.frame ? [first, compileFor('texture')] : [first];
}

/** The kernel of a step, for a frame; or for `run`, where `frame` is null and the painting goes to a buffer. */
export function compileStep(
  { plan, painted, extended }: FramePlan,
  config: KernelConfig,
  step: FrameStep,
  frame: FrameLayout | null,
): Kernel {
  const context = { plan, config, extended };
  switch (step.kind) {
    case 'single': {
      const paints = frame && step.operation === painted;
      const target: Target = paints ? { kind: 'painting', frame } : TO_BUFFER;
      return compileOperation(context, step.operation, frame, target);
    }
    case 'downsample':
      return compileDownsample(context, step.source, step.means, frame);
    case 'inputConv':
      return compileInputConv(context, step.guide, step.convolution, step.tile, frame);
    default:
      return assertNever(step);
  }
}

const compileOperation = (
  context: KernelContext,
  operation: Operation,
  frame: FrameLayout | null,
  target: Target,
): Kernel =>
  operation.kind === 'frameInput'
    ? compileFrameInput(context, operation, frame, target)
    : compile(context, operation, target);

/** The kernels that show the guide. */
export async function compileGuide({
  framePlan,
  pipelines,
  format,
  hasExternal,
}: FrameProgram): Promise<PerFrameKind<CompiledKernel> | null> {
  const { plan, guide, extended } = framePlan;
  if (!guide) return null;
  const { device, config } = pipelines;
  const context = { plan, config, extended };
  const kernels = kernelsPerKind(hasExternal, kind =>
    compileOperation(context, guide, { kind, format }, { kind: 'canvas', format }),
  );
  const made = await withErrorScopes(device, () => kernels.map(kernel => pipelines.prepare(kernel)));
  const [external, texture = external] = await Promise.all(made.map(awaitKernel));
  return external && texture ? { external, texture } : null;
}

/** The bind group of a frame, for the kernels that read it and the one that paints. */
export function makeFrameGroup(
  { pipelines, format }: FrameProgram,
  kind: FrameKind,
  sampler: GPUSampler,
  picture: GPUBindingResource,
  canvas: GPUTextureView,
): GPUBindGroup {
  return pipelines.device.createBindGroup({
    label: 'frame',
    layout: pipelines.frameLayout({ kind, format }),
    entries: [
      { binding: 0, resource: sampler },
      { binding: 1, resource: picture },
      { binding: 2, resource: canvas },
    ],
  });
}
