/** What is asked of the worker of the perceptrons, and what it tells. */
import type { Pixels, Squash } from './pixels.ts';

export interface PerceptronPlan {
  readonly hidden: number;
  readonly seed: number;
  /** Of the first sweep. */
  readonly rate: number;
  readonly squashes: readonly Squash[];
}

export type PerceptronOrder =
  | { readonly kind: 'begin'; readonly plan: PerceptronPlan; readonly pixels: Pixels }
  | { readonly kind: 'change'; readonly rate: number }
  | { readonly kind: 'pixels'; readonly pixels: Pixels }
  | { readonly kind: 'tear'; readonly unit: number }
  | { readonly kind: 'run'; readonly isSlow: boolean }
  | { readonly kind: 'pause' }
  /** One column of pixels. */
  | { readonly kind: 'step' };

export interface PerceptronProgress {
  readonly steps: number;
  /** Numbers of each perceptron, as `Perceptron` has them. */
  readonly numbers: readonly Float64Array[];
  /** Of each perceptron: mean squared errors of the picture after each sweep. */
  readonly losses: readonly (readonly number[])[];
  /** Steps of all perceptrons in a second; null while it stands. */
  readonly rate: number | null;
}
