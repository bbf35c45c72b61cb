// A kernel: WGSL text, what it is bound to, and how many workgroups run. Plain data, made without a GPU, so
// that tests may read it; `runtime/pipeline-cache.ts` makes GPU objects of it.
//
// What shapes the code (kernel size, stride, epilogue) is text; what merely differs from layer to layer
// (sizes, offsets, weights) is bound. So layers of one kind share one pipeline, and a network of sixteen
// convolutions compiles a handful, which is most of the time to the first frame. Kernels that a look has one
// of share no pipeline, and have their sizes in the text too (`Shader.baked`).

import type { ConstantData } from '../../codegen/constant-data.ts';

export type Binding =
  | { readonly kind: 'read'; readonly buffer: number }
  | { readonly kind: 'write'; readonly buffer: number }
  /** Storage for `run` alone: what stands in for the camera's picture. */
  | { readonly kind: 'picture' }
  | { readonly kind: 'data'; readonly data: ConstantData }
  | { readonly kind: 'sizes'; readonly values: readonly number[] }
  | { readonly kind: 'live' }
  | { readonly kind: 'crop' }
  | { readonly kind: 'canvas'; readonly format: GPUTextureFormat };

/** How a frame of the camera comes: as the browser's own video frame, or copied. */
export type FrameKind = 'external' | 'texture';

/** What is new with every frame, bound as group 1: a sampler, the frame, and the canvas of the painting. One
 * bind group serves the kernels that read the frame and the one that writes the canvas. */
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

/** Where a kernel's results go: to its tensor's buffer, to a canvas beside, or to that of the painting. */
export type Target =
  | { readonly kind: 'buffer' }
  | { readonly kind: 'canvas'; readonly format: GPUTextureFormat }
  | { readonly kind: 'painting'; readonly frame: FrameLayout };

export const TO_BUFFER: Target = { kind: 'buffer' };

export const ROW = 65535 * 64;

/** Workgroups for so many threads, in rows where one dimension would not do. */
export function linearWorkgroups(threads: number, each = 64): [number, number, number] {
  const groups = Math.ceil(threads / each);
  return groups <= 65535 ? [groups, 1, 1] : [65535, Math.ceil(groups / 65535), 1];
}
