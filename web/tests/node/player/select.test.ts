import { beforeEach, describe, expect, it, vi } from 'vitest';
import { createPainter, type Look, webgl2Available, webgpuAvailable } from '../../../engine/index.ts';
import { findPainter, forcedBackend, type Search } from '../../../player/painters/select.ts';
import { createWasmPainter } from '../../../player/painters/wasm/painter.ts';

vi.mock('../../../engine/index.ts', () => ({
  createPainter: vi.fn(),
  webgpuAvailable: vi.fn(),
  webgl2Available: vi.fn(),
}));
vi.mock('../../../player/painters/wasm/painter.ts', () => ({ createWasmPainter: vi.fn() }));

const look = { info: {} } as Look;
const search = (wish: Partial<Search> = {}): Search => ({
  forced: null,
  avoid: new Map(),
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
  vi.mocked(webgl2Available).mockReset().mockResolvedValue({ ok: false, reason: 'no WebGL2' });
  vi.mocked(createPainter)
    .mockReset()
    .mockImplementation(
      async (_look, options) => ({ backend: options?.backend }) as Awaited<ReturnType<typeof createPainter>>,
    );
  vi.mocked(createWasmPainter)
    .mockReset()
    .mockImplementation(
      async (_info, _bytes, { because }) =>
        ({ backend: 'wasm', because, fetched: 0 }) as Awaited<ReturnType<typeof createWasmPainter>>,
    );
});

describe('the ladder', () => {
  it('takes the GPU where there is one', async () => {
    expect(await find()).toMatchObject({ backend: 'webgpu', because: null });
    expect(webgl2Available).not.toHaveBeenCalled();
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

  it('goes to WebGL2 on the way, with the reason against WebGPU', async () => {
    vi.mocked(webgl2Available).mockResolvedValue({ ok: true, adapter: 'card' });
    vi.mocked(webgpuAvailable).mockResolvedValue({ ok: false, reason: 'none' });
    expect(await find()).toMatchObject({ backend: 'webgl2', because: 'none' });
    vi.mocked(webgl2Available).mockResolvedValue({ ok: false, software: true, reason: 'software' });
    expect(await find()).toMatchObject({ backend: 'wasm', because: 'none' });
  });

  it('leaves a way to the GPU alone that failed with this look, and takes the other', async () => {
    const avoid = new Map([['webgpu', 'it went away']] as const);
    expect(await find({ avoid })).toMatchObject({ backend: 'wasm', because: 'it went away' });
    expect(createPainter).not.toHaveBeenCalled();
    vi.mocked(webgl2Available).mockResolvedValue({ ok: true, adapter: 'card' });
    expect(await find({ avoid })).toMatchObject({ backend: 'webgl2', because: 'it went away' });
    expect(webgpuAvailable).not.toHaveBeenCalled();
  });

  it('does as the address says', async () => {
    expect(await find({ forced: 'wasm' })).toMatchObject({ backend: 'wasm', because: null });
    expect(webgpuAvailable).not.toHaveBeenCalled();
    vi.mocked(webgl2Available).mockResolvedValue({ ok: true, adapter: 'software' });
    expect(await find({ forced: 'webgl2' })).toMatchObject({ backend: 'webgl2' });
    expect(webgl2Available).toHaveBeenCalledWith({ allowSoftware: true });
    expect(webgpuAvailable).not.toHaveBeenCalled();
    const asked = ['wasm', 'webgpu', 'webgl2', 'x'].map(name => forcedBackend(`?backend=${name}`));
    expect([...asked, forcedBackend('')]).toEqual(['wasm', 'webgpu', 'webgl2', null, null]);
  });
});
