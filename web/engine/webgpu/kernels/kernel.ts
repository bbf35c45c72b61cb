// A kernel: its WGSL text, bindings and workgroups. Plain data, made without a GPU, so that tests can read it;
// `runtime/pipeline-cache.ts` makes GPU objects from it.
//
// What shapes the code (kernel size, stride, epilogue) is text. What merely differs from layer to layer (sizes,
// offsets, weights) is bound. So layers of one kind share a pipeline, and a network of sixteen convolutions compiles
// a handful, which is most of the time to the first frame. Kernels that a look has once share no pipeline, so their
// sizes are in the text too (`ShaderBuilder.inlineSizes`).

import type { ConstantData } from '../../codegen/constant-data.ts';

export type Binding =
  | { readonly kind: 'read'; readonly buffer: number }
  | { readonly kind: 'write'; readonly buffer: number }
  /** The array that `run` gives in place of the camera's picture. */
  | { readonly kind: 'picture' }
  | { readonly kind: 'data'; readonly data: ConstantData }
  | { readonly kind: 'sizes'; readonly values: readonly number[] }
  | { readonly kind: 'live' }
  | { readonly kind: 'crop' }
  | { readonly kind: 'canvas'; readonly format: GPUTextureFormat };

/** How frames come: as the browser's own video frame, or copied to a texture. */
export type FrameKind = 'external' | 'texture';

/** Bind group 1, which is new with every frame: a sampler, the frame, and the canvas of the painting. One bind group
 * serves the kernels that read the frame and the one that writes the canvas. */
export interface FrameLayout {
  readonly kind: FrameKind;
  readonly format: GPUTextureFormat;
}

export interface Kernel {
  readonly label: string;
  readonly code: string;
  readonly bindings: readonly Binding[];
  readonly frame: FrameLayout | null;
  readonly workgroups: readonly [number, number, number];
}

/** Where a kernel writes: its tensor's buffer, another canvas, or the painting's canvas. */
export type Target =
  | { readonly kind: 'buffer' }
  | { readonly kind: 'canvas'; readonly format: GPUTextureFormat }
  | { readonly kind: 'painting'; readonly frame: FrameLayout };

export const TO_BUFFER: Target = { kind: 'buffer' };

export const ROW = 65535 * 64;

/** The workgroups for a number of threads, in two dimensions if one is too small. */
export function linearWorkgroups(threads: number, each = 64): [number, number, number] {
  const groups = Math.ceil(threads / each);
  return groups <= 65535 ? [groups, 1, 1] : [65535, Math.ceil(groups / 65535), 1];
}
