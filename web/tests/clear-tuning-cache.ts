// Empties the tuner's cache before each browser test. The shapes that the tuner found in one test would otherwise
// determine the kernels of later tests, and the results would depend on the order of the tests.

import { beforeEach } from 'vitest';

beforeEach(() => localStorage.clear());
