// The optimizers of the packed cases (tests/onnx_cases/training.py), with their rates.

import { adam, adamw } from '../engine/training/optimizers/adam.ts';
import { muonWith } from '../engine/training/optimizers/muon.ts';
import { sgd } from '../engine/training/optimizers/sgd.ts';

export const OPTIMIZERS = {
  adam: [adam(), 0.001],
  muon: [muonWith(adamw(), { otherRate: 0.2 }), 0.01],
  sgd: [sgd({ momentum: 0.9 }), 0.1],
} as const;
