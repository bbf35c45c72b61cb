import { beforeEach, describe, expect, it, vi } from 'vitest';
import { createPainter, type Look, webgpuAvailable } from '../engine/index.ts';
import { findPainter, forcedBackend, type Search } from './ladder.ts';
import { createWasmPainter } from './wasm/painter.ts';

vi.mock('../engine/index.ts', () => ({ createPainter: vi.fn(), webgpuAvailable: vi.fn() }));
vi.mock('./wasm/painter.ts', () => ({ createWasmPainter: vi.fn() }));

const look = { info: {} } as Look;
const search = (wish: Partial<Search> = {}): Search => ({
  forced: null,
  avoid: null,
  signal: new AbortController().signal,
  makeCanvas: () => ({}) as HTMLCanvasElement,
  onFetched: () => undefined,
  onReady: () => undefined,
  onLost: () => undefined,
  ...wish,
});
const find = (wish?: Partial<Search>) => findPainter(look, new Uint8Array(), search(wish));

beforeEach(() => {
  vi.mocked(webgpuAvailable).mockReset().mockResolvedValue({ ok: true, adapter: 'card' });
  vi.mocked(createPainter)
    .mockReset()
    .mockResolvedValue({ backend: 'webgpu' } as Awaited<ReturnType<typeof createPainter>>);
  vi.mocked(createWasmPainter)
    .mockReset()
    .mockImplementation(
      async (_info, _bytes, { because }) =>
        ({ backend: 'wasm', because, fetched: 0 }) as Awaited<ReturnType<typeof createWasmPainter>>,
    );
});

describe('the ladder', () => {
  it('takes the GPU where there is one', async () => {
    expect(await find()).toMatchObject({ backend: 'webgpu' });
    expect(createWasmPainter).not.toHaveBeenCalled();
  });

  it('goes to WASM with the reason, also where asking for a GPU throws', async () => {
    vi.mocked(webgpuAvailable).mockResolvedValue({ ok: false, reason: 'none' });
    expect(await find()).toMatchObject({ backend: 'wasm', because: 'none' });
    vi.mocked(webgpuAvailable).mockRejectedValue(new Error('no info'));
    expect(await find()).toMatchObject({ backend: 'wasm', because: 'no info' });
    await expect(find({ forced: 'webgpu' })).rejects.toThrow('no info');
  });

  it('goes to WASM where the engine or the GPU refuses', async () => {
    vi.mocked(createPainter).mockRejectedValue(new Error('too large'));
    expect(await find()).toMatchObject({ backend: 'wasm', because: 'too large' });
    await expect(find({ forced: 'webgpu' })).rejects.toThrow('too large');
  });

  it('leaves a GPU alone that failed with this look', async () => {
    expect(await find({ avoid: 'it went away' })).toMatchObject({ backend: 'wasm', because: 'it went away' });
    expect(createPainter).not.toHaveBeenCalled();
  });

  it('does as the address says', async () => {
    expect(await find({ forced: 'wasm' })).toMatchObject({ backend: 'wasm', because: null });
    expect(webgpuAvailable).not.toHaveBeenCalled();
    expect(['?backend=wasm', '?backend=webgpu', '?backend=x', ''].map(forcedBackend)).toEqual([
      'wasm',
      'webgpu',
      null,
      null,
    ]);
  });
});
