// Which layers `npm run proxy` takes to wait for memory.

import { expect, test } from 'vitest';
import { DEVICES } from '../proxy/devices.ts';
import { isMemoryBound } from '../proxy/estimate.ts';

test('a layer waits for memory if dense products take less time than its bytes, and no other does', () => {
  // The Deck multiplies 819 numbers in the time in which it reads 88 bytes.
  const bytes = 1e6;
  expect(isMemoryBound(DEVICES.deck, 6 * bytes, bytes, 0.7)).toBe(true);
  expect(isMemoryBound(DEVICES.deck, 7 * bytes, bytes, 0.7)).toBe(false);
  expect(isMemoryBound(DEVICES.deck, 9 * bytes, bytes, 1)).toBe(true);
  expect(isMemoryBound(DEVICES.deck, 10 * bytes, bytes, 1)).toBe(false);
});
