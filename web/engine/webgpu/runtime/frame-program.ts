// The kernels of a frame: compiled, bound to what holds for all frames, and recorded.

import { assertNever, EngineError } from '../../error.ts';
import type { Operation } from '../../graph/ir/operation.ts';
import type { Plan } from '../../graph/passes/plan.ts';
import { compile } from '../kernels/compile.ts';
import type { Style } from '../kernels/config.ts';
import { type Merged, merge, type Step } from '../kernels/frame-fusion.ts';
import { compileCells, compileSource } from '../kernels/frame-source.ts';
import { compileOpening } from '../kernels/input-conv.ts';
import {
  type Binding,
  type FrameLayout,
  type Kernel,
  type Target,
  TO_BUFFER,
  type Way,
} from '../kernels/kernel.ts';
import type { ExtendedKernels, KernelContext } from '../kernels/shader.ts';
import { checked, type Memory } from './memory.ts';
import { bindGroup, type Compiled, compiled, Pipelines } from './pipeline-cache.ts';
import { makeShared } from './plan-buffers.ts';

/** A kernel with the bind group that holds for all frames. */
export interface Bound {
  readonly compiled: Compiled;
  readonly group: GPUBindGroup;
}

/** Something for each way that a frame comes; most kernels are the same for both. */
export type ByWay<T> = Readonly<Record<Way, T>>;

/** Kernels of a frame, in order, for each way that frames have come, the usual one first. */
export interface Kernels {
  readonly style: Style;
  readonly byWay: Map<Way, readonly Bound[]>;
}

const noResource = (binding: Binding): never => {
  throw new EngineError(`The engine has nothing to bind as '${binding.kind}'.`);
};

/** What painting takes besides its kernels. */
export interface Studio {
  readonly merged: Merged;
  readonly pipelines: Pipelines;
  readonly format: GPUTextureFormat;
  /** Whether frames may come as external textures, too; without them all kernels are those for copies. */
  readonly external: boolean;
}

/** Not all browsers have external textures, and some have them by name alone. */
export async function hasExternal(device: GPUDevice): Promise<boolean> {
  if (!('importExternalTexture' in device)) return false;
  const entries = [{ binding: 0, visibility: GPUShaderStage.COMPUTE, externalTexture: {} }];
  const made = checked(device, () => device.createBindGroupLayout({ label: 'external', entries }));
  return made.then(
    () => true,
    () => false,
  );
}

export function makeStudio(
  memory: Memory,
  plan: Plan,
  style: Style,
  format: GPUTextureFormat,
  external = true,
  extended: ExtendedKernels | null = null,
): Studio {
  const merged = merge(plan, extended);
  const pipelines = new Pipelines(memory, makeShared(memory, merged.plan, style), style);
  return { merged, pipelines, format, external };
}

/** How frames come where all is well. */
export const usualWay = ({ external }: Studio): Way => (external ? 'external' : 'texture');

/** Kernels in a style, all made at once, for frames that come those ways; only the pipelines are waited for. */
export function prepareKernels(
  { merged, pipelines, format }: Studio,
  style: Style,
  ways: Iterable<Way>,
): () => Promise<Kernels> {
  const steps = merged.plan.camera ? merged.steps : [];
  const made = Array.from(ways, way => {
    const prepared = steps.map(step => {
      const one = pipelines.prepare(compileStep(merged, style, step, { way, format }));
      return { one, group: bindGroup(pipelines.device, one, noResource) };
    });
    return { way, prepared };
  });
  return async () => {
    const byWay: Kernels['byWay'] = new Map();
    for (const { way, prepared } of made) {
      const bound = prepared.map(async ({ one, group }) => ({ compiled: await compiled(one), group }));
      byWay.set(way, await Promise.all(bound));
    }
    return { style, byWay };
  };
}

/** The kernels for frames that come that way. Those that differ are made when the first one does: what is
 * submitted next waits for them, and the page does not. */
export function kernelsFor(
  { merged, pipelines, format }: Studio,
  { style, byWay }: Kernels,
  way: Way,
): readonly Bound[] {
  const known = byWay.get(way);
  if (known) return known;
  const [usual = []] = byWay.values();
  const made = usual.map((one, i) => {
    const step = merged.steps[i];
    if (!step || !one.compiled.kernel.frame) return one;
    const now = pipelines.compile(compileStep(merged, style, step, { way, format }));
    return { compiled: now, group: bindGroup(pipelines.device, now, noResource) };
  });
  byWay.set(way, made);
  return made;
}

/** A kernel for external frames, and another for copied ones where it is not the same. */
function byWay(external: boolean, compileFor: (way: Way) => Kernel): Kernel[] {
  const first = compileFor(external ? 'external' : 'texture');
  return external && first.frame ? [first, compileFor('texture')] : [first];
}

/** A step's kernel for a frame or, without one, for what `run` is given; the painting goes where that goes. */
export function compileStep(
  { plan, painted, extended }: Merged,
  style: Style,
  step: Step,
  frame: FrameLayout | null,
): Kernel {
  const context = { plan, style, extended };
  switch (step.kind) {
    case 'plain': {
      const paints = frame && step.operation === painted;
      const target: Target = paints ? { kind: 'painting', frame } : TO_BUFFER;
      return compileFor(context, step.operation, frame, target);
    }
    case 'cells':
      return compileCells(context, step.source, step.means, frame);
    case 'opening':
      return compileOpening(context, step.guide, step.convolution, step.tile, frame);
    default:
      return assertNever(step);
  }
}

const compileFor = (
  context: KernelContext,
  operation: Operation,
  frame: FrameLayout | null,
  target: Target,
): Kernel =>
  operation.kind === 'frameInput'
    ? compileSource(context, operation, frame, target)
    : compile(context, operation, target);

/** The kernels that show the guide, for who looks at it. */
export async function compileGuide({
  merged,
  pipelines,
  format,
  external: imports,
}: Studio): Promise<ByWay<Compiled> | null> {
  const { plan, guide, extended } = merged;
  if (!guide) return null;
  const { device, style } = pipelines;
  const context = { plan, style, extended };
  const kernels = byWay(imports, way =>
    compileFor(context, guide, { way, format }, { kind: 'canvas', format }),
  );
  const made = await checked(device, () => kernels.map(kernel => pipelines.prepare(kernel)));
  const [external, texture = external] = await Promise.all(made.map(compiled));
  return external && texture ? { external, texture } : null;
}

/** The bind group of what is new with a frame, for the kernels that read it and the one that paints. */
export function frameGroup(
  { pipelines, format }: Studio,
  way: Way,
  sampler: GPUSampler,
  picture: GPUBindingResource,
  canvas: GPUTextureView,
): GPUBindGroup {
  return pipelines.device.createBindGroup({
    label: 'frame',
    layout: pipelines.frameLayout({ way, format }),
    entries: [
      { binding: 0, resource: sampler },
      { binding: 1, resource: picture },
      { binding: 2, resource: canvas },
    ],
  });
}
