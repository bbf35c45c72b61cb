// Looks with branches on WebGL2.

import { compareBranches } from '../branches.ts';

compareBranches('webgl2', 'float32', 1e-4);
