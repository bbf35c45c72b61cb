import { beforeEach, describe, expect, it, vi } from 'vitest';
import { createPainter, type Look, webgl2Available, webgpuAvailable } from '../../../engine/index.ts';
import { parseForcedBackend, type SelectOptions, selectPainter } from '../../../player/painters/select.ts';
import { createWasmPainter } from '../../../player/painters/wasm/painter.ts';

vi.mock('../../../engine/index.ts', () => ({
  createPainter: vi.fn(),
  webgpuAvailable: vi.fn(),
  webgl2Available: vi.fn(),
}));
vi.mock('../../../player/painters/wasm/painter.ts', () => ({ createWasmPainter: vi.fn() }));

const look = { info: {} } as Look;
const makeOptions = (changes: Partial<SelectOptions> = {}): SelectOptions => ({
  forcedBackend: null,
  excluded: new Map(),
  signal: new AbortController().signal,
  makeCanvas: () => ({}) as HTMLCanvasElement,
  onProgress: () => undefined,
  onDownloaded: () => undefined,
  onLost: () => undefined,
  ...changes,
});
const select = (changes?: Partial<SelectOptions>) =>
  selectPainter(look, new Uint8Array(), makeOptions(changes));

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
      async (_info, _bytes, { fallbackReason }) =>
        ({ backend: 'wasm', fallbackReason, fetchedBytes: 0 }) as Awaited<
          ReturnType<typeof createWasmPainter>
        >,
    );
});

describe('the choice of the backend', () => {
  it('is WebGPU if there is a GPU', async () => {
    expect(await select()).toMatchObject({ backend: 'webgpu', fallbackReason: null });
    expect(webgl2Available).not.toHaveBeenCalled();
    expect(createWasmPainter).not.toHaveBeenCalled();
  });

  it('is WASM without a GPU, with the reason, also if the request for a GPU throws', async () => {
    vi.mocked(webgpuAvailable).mockResolvedValue({ ok: false, reason: 'none' });
    expect(await select()).toMatchObject({ backend: 'wasm', fallbackReason: 'none' });
    vi.mocked(webgpuAvailable).mockRejectedValue(new Error('no info'));
    expect(await select()).toMatchObject({ backend: 'wasm', fallbackReason: 'no info' });
    await expect(select({ forcedBackend: 'webgpu' })).rejects.toThrow('no info');
  });

  it('is WASM if the engine or the GPU refuses the look', async () => {
    vi.mocked(createPainter).mockRejectedValue(new Error('too large'));
    expect(await select()).toMatchObject({ backend: 'wasm', fallbackReason: 'too large' });
    await expect(select({ forcedBackend: 'webgpu' })).rejects.toThrow('too large');
  });

  it('is WebGL2 before WASM, with the reason against WebGPU', async () => {
    vi.mocked(webgl2Available).mockResolvedValue({ ok: true, adapter: 'card' });
    vi.mocked(webgpuAvailable).mockResolvedValue({ ok: false, reason: 'none' });
    expect(await select()).toMatchObject({ backend: 'webgl2', fallbackReason: 'none' });
    vi.mocked(webgl2Available).mockResolvedValue({ ok: false, software: true, reason: 'software' });
    expect(await select()).toMatchObject({ backend: 'wasm', fallbackReason: 'none' });
  });

  it('is the other GPU backend if one is excluded for this look', async () => {
    const excluded = new Map([['webgpu', 'it was lost']] as const);
    expect(await select({ excluded })).toMatchObject({ backend: 'wasm', fallbackReason: 'it was lost' });
    expect(createPainter).not.toHaveBeenCalled();
    vi.mocked(webgl2Available).mockResolvedValue({ ok: true, adapter: 'card' });
    expect(await select({ excluded })).toMatchObject({ backend: 'webgl2', fallbackReason: 'it was lost' });
    expect(webgpuAvailable).not.toHaveBeenCalled();
  });

  it('follows the URL', async () => {
    expect(await select({ forcedBackend: 'wasm' })).toMatchObject({ backend: 'wasm', fallbackReason: null });
    expect(webgpuAvailable).not.toHaveBeenCalled();
    vi.mocked(webgl2Available).mockResolvedValue({ ok: true, adapter: 'software' });
    expect(await select({ forcedBackend: 'webgl2' })).toMatchObject({ backend: 'webgl2' });
    expect(webgl2Available).toHaveBeenCalledWith({ allowSoftware: true });
    expect(webgpuAvailable).not.toHaveBeenCalled();
    const parsed = ['wasm', 'webgpu', 'webgl2', 'x'].map(name => parseForcedBackend(`?backend=${name}`));
    expect([...parsed, parseForcedBackend('')]).toEqual(['wasm', 'webgpu', 'webgl2', null, null]);
  });
});
