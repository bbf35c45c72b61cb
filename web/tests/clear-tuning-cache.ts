// Before each test in the browser: nothing is known of its GPU. What the tuner kept in one test would otherwise
// decide the kernels of those that come after it, in whatever order that is.

import { beforeEach } from 'vitest';

beforeEach(() => localStorage.clear());
