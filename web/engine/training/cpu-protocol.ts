// What the page and the worker of the CPU backend tell each other. Each request has one reply, in their order.

import type { Tensors } from './backend.ts';
import type { TrainingProgram } from './program.ts';

export type Request =
  | { readonly kind: 'start'; readonly program: TrainingProgram }
  | { readonly kind: 'write'; readonly state: Tensors }
  | { readonly kind: 'read'; readonly names: readonly string[] }
  | { readonly kind: 'step'; readonly inputs: Tensors; readonly scalars: readonly number[] };

export type Reply =
  | { readonly kind: 'done' }
  | { readonly kind: 'stepped'; readonly loss: number }
  | { readonly kind: 'state'; readonly state: Tensors }
  | { readonly kind: 'failed'; readonly reason: string };
