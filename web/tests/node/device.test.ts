// Detection of WebGPU in old and new browsers: it always returns a result and never throws.

import { afterEach, expect, test, vi } from 'vitest';
import { webgpuAvailable } from '../../engine/index.ts';

afterEach(() => vi.unstubAllGlobals());

const browser = (adapter: unknown) =>
  vi.stubGlobal('navigator', { gpu: { requestAdapter: async () => adapter } });

test('a browser without WebGPU or without a GPU gives a reason', async () => {
  vi.stubGlobal('navigator', {});
  expect(await webgpuAvailable()).toEqual({ ok: false, reason: 'This browser has no WebGPU.' });
  browser(null);
  expect(await webgpuAvailable()).toMatchObject({ ok: false, reason: expect.stringMatching(/no graphics/) });
  const failing = async () => {
    throw new Error('blocked');
  };
  vi.stubGlobal('navigator', { gpu: { requestAdapter: failing } });
  expect(await webgpuAvailable()).toEqual({ ok: false, reason: 'WebGPU failed: blocked' });
});

test('an adapter without info, as before 2024, is an unnamed GPU', async () => {
  browser({});
  expect(await webgpuAvailable()).toEqual({ ok: true, adapter: 'unnamed GPU' });
  browser({ isFallbackAdapter: true });
  expect(await webgpuAvailable()).toMatchObject({ ok: false, software: true });
});

test('a software adapter is recognized by its name or by isFallbackAdapter', async () => {
  browser({ info: { vendor: 'google', architecture: 'swiftshader', device: '', description: '' } });
  expect(await webgpuAvailable()).toMatchObject({ ok: false, software: true });
  expect(await webgpuAvailable({ allowSoftware: true })).toEqual({ ok: true, adapter: 'google swiftshader' });
  browser({ info: { vendor: 'nvidia', architecture: 'hopper', isFallbackAdapter: false } });
  expect(await webgpuAvailable()).toEqual({ ok: true, adapter: 'nvidia hopper' });
});
