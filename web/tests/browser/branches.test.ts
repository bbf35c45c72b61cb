// Looks with branches on WebGPU, in both precisions.

import { compareBranches } from '../branches.ts';

compareBranches('webgpu', 'float32', 1e-4);
compareBranches('webgpu', 'float16', 0.05);
