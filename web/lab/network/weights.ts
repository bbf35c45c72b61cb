/** The weights of a classifier: which of its constants they are, and their numbers. */
import type { OnnxModel } from '../../engine/training/index.ts';

const WEIGHT = /\.(weight|bias)$/;

/** Names of the weights of such a network. A file of `limner lab` tells them: some of its filters may be frozen. */
export function learnedNames({ constants, metadata }: OnnxModel): string[] {
  const { parameters } = JSON.parse(metadata.get('limner.lab') ?? '{}') as { readonly parameters?: unknown };
  return [...constants.keys()].filter(name =>
    Array.isArray(parameters) ? parameters.includes(name) : WEIGHT.test(name),
  );
}

export const valuesOf = ({ bytes }: { readonly bytes: Uint8Array }): Float32Array =>
  new Float32Array(bytes.slice().buffer);
