/** What is asked of the worker that draws networks, and what it answers. */
import type { Latent, View } from './evaluate.ts';
import type { PixelNetwork, Weights } from './network.ts';

export interface Scene {
  readonly network: PixelNetwork;
  readonly weights: Weights;
  readonly latent: Latent;
}

export type DrawTask =
  | { readonly kind: 'draw'; readonly scene: Scene; readonly view: View; readonly side: number }
  | { readonly kind: 'png'; readonly scene: Scene; readonly view: View; readonly side: number }
  /** Activations of all layers at side x side places of the whole picture. */
  | { readonly kind: 'maps'; readonly scene: Scene; readonly side: number };

export interface DrawRequest {
  readonly id: number;
  readonly task: DrawTask;
}

export type DrawReply = { readonly id: number } & (
  | { readonly kind: 'drawn'; readonly bitmap: ImageBitmap; readonly milliseconds: number }
  | { readonly kind: 'png'; readonly blob: Blob }
  | { readonly kind: 'part'; readonly part: number }
  | { readonly kind: 'maps'; readonly maps: readonly Float32Array[] }
  | { readonly kind: 'failed'; readonly reason: string }
);
