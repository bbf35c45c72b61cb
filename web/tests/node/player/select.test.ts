import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import {
  createPainter,
  EngineError,
  type Look,
  webgl2Available,
  webgpuAvailable,
} from '../../../engine/index.ts';
import { type AnyLook, UnpaintableError } from '../../../player/painters/painter.ts';
import {
  parseForcedBackend,
  prepareBackend,
  type SelectOptions,
  selectPainter,
} from '../../../player/painters/select.ts';
import { createWasmPainter, prepareRuntime } from '../../../player/painters/wasm/painter.ts';
import { FetchError } from '../../../shared/errors.ts';

vi.mock('../../../engine/index.ts', () => ({
  createPainter: vi.fn(),
  EngineError: class extends Error {},
  webgpuAvailable: vi.fn(),
  webgl2Available: vi.fn(),
}));
vi.mock('../../../player/painters/wasm/painter.ts', () => ({
  createWasmPainter: vi.fn(),
  prepareRuntime: vi.fn(),
}));

const look = { info: {} } as Look;
const makeCanvas = () => ({}) as HTMLCanvasElement;
const makeOptions = (changes: Partial<SelectOptions> = {}): SelectOptions => ({
  forcedBackend: null,
  excluded: new Map(),
  signal: new AbortController().signal,
  firstFrame: 'picture',
  makeCanvas,
  onProgress: () => undefined,
  onDownloaded: () => undefined,
  onCompiled: () => undefined,
  onLost: () => undefined,
  ...changes,
});
const select = (changes?: Partial<SelectOptions>, chosen: AnyLook = look) =>
  selectPainter(chosen, new Uint8Array(), makeOptions(changes));
const refused: AnyLook = { info: look.info, refusal: "Node 'c' makes 1 x 16384 values" };
const logged = vi.spyOn(console, 'info').mockReturnValue();

/** A browser whose site forbids WebAssembly. */
const forbidWasm = () =>
  vi.stubGlobal('WebAssembly', {
    Module: class {
      constructor() {
        throw new Error('unsafe-eval');
      }
    },
  });

/** WebGL2 on a software GPU: refused, except where the page asks for it. */
const allowSoftwareOnly = () =>
  vi
    .mocked(webgl2Available)
    .mockImplementation(async ({ allowSoftware } = {}) =>
      allowSoftware
        ? { ok: true, adapter: 'software' }
        : { ok: false, software: true, reason: 'runs in software' },
    );

afterEach(() => {
  vi.unstubAllGlobals();
});
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

describe('before there is a look', () => {
  beforeEach(() => void vi.mocked(prepareRuntime).mockReset());

  it('a GPU is looked for, and the first painter takes the answer', async () => {
    vi.mocked(webgpuAvailable).mockResolvedValue({ ok: false, reason: 'none' });
    vi.mocked(webgl2Available).mockResolvedValue({ ok: true, adapter: 'card' });
    await prepareBackend(null, makeCanvas);
    expect(prepareRuntime).not.toHaveBeenCalled();
    for (const times of [1, 2]) {
      expect(await select()).toMatchObject({ backend: 'webgl2', fallbackReason: 'none' });
      expect(webgpuAvailable).toHaveBeenCalledTimes(times);
      expect(webgl2Available).toHaveBeenCalledTimes(times);
    }
  });

  it('the first painter on WebGL2 gets the canvas that was asked, whose context is open', async () => {
    const canvas = {} as HTMLCanvasElement;
    vi.mocked(webgl2Available).mockResolvedValue({ ok: true, adapter: 'card' });
    await prepareBackend('webgl2', () => canvas);
    await select({ forcedBackend: 'webgl2' });
    expect(vi.mocked(webgl2Available).mock.lastCall?.[0]?.canvas).toBe(canvas);
    expect(vi.mocked(createPainter).mock.lastCall?.[1]?.canvas).toBe(canvas);
  });

  it('ONNX Runtime starts where there is no GPU or the URL asks for it, and nowhere else', async () => {
    for (const [forced, starts] of [
      ['wasm', 1],
      ['webgpu', 1],
      [null, 1],
    ] as const) {
      await prepareBackend(forced, makeCanvas);
      expect(prepareRuntime).toHaveBeenCalledTimes(starts);
    }
    vi.mocked(webgpuAvailable).mockResolvedValue({ ok: false, reason: 'none' });
    await prepareBackend(null, makeCanvas);
    expect(prepareRuntime).toHaveBeenCalledTimes(2);
    await prepareBackend('webgpu', makeCanvas);
    expect(prepareRuntime).toHaveBeenCalledTimes(2);
    await select();
  });
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

  it('is WebGL2 in software where WASM does not work, with both reasons', async () => {
    allowSoftwareOnly();
    vi.mocked(createWasmPainter).mockRejectedValue(new Error('forbidden'));
    vi.mocked(webgpuAvailable).mockResolvedValue({ ok: false, reason: 'none' });
    const slow = { backend: 'webgl2', fallbackReason: 'none', wasmFailure: 'forbidden' };
    expect(await select()).toMatchObject(slow);
    await expect(select({ forcedBackend: 'wasm' })).rejects.toThrow('forbidden');
    await expect(select({ signal: AbortSignal.abort() })).rejects.toThrow('forbidden');
  });

  it('is WebGL2 in software once WASM was lost, and WASM again if nothing else paints', async () => {
    const excluded = new Map([['wasm', 'it was lost']] as const);
    vi.mocked(webgpuAvailable).mockResolvedValue({ ok: false, reason: 'none' });
    expect(await select({ excluded })).toMatchObject({ backend: 'wasm' });
    allowSoftwareOnly();
    expect(await select({ excluded })).toMatchObject({ backend: 'webgl2', wasmFailure: 'it was lost' });
    expect(createWasmPainter).toHaveBeenCalledTimes(1);
  });

  it('is none where nothing paints: the reason of WASM, or what the browser refuses', async () => {
    vi.mocked(webgpuAvailable).mockResolvedValue({ ok: false, reason: 'none' });
    vi.mocked(createWasmPainter).mockRejectedValue(new Error('broke off'));
    await expect(select()).rejects.toThrow(/^broke off$/);
    forbidWasm();
    const sentence = expect.stringMatching(
      /^this browser gives .* no graphics .* forbids WebAssembly. Turn on graphics [^.]+.$/,
    );
    await expect(select()).rejects.toMatchObject({ message: sentence });
    vi.stubGlobal('WebAssembly', undefined);
    await expect(select()).rejects.toThrow(/has no WebAssembly. Turn on graphics .* another browser.$/);
  });

  it('is none where the GPU refuses the look and the site forbids WebAssembly: a GPU is there', async () => {
    vi.mocked(createWasmPainter).mockRejectedValue(new Error('broke off'));
    vi.mocked(createPainter).mockRejectedValue(new EngineError('too large'));
    forbidWasm();
    const reason = 'it cannot run on a graphics processor, and the policy of this site forbids WebAssembly.';
    for (const chosen of [look, refused]) {
      await expect(select({}, chosen)).rejects.toEqual(new UnpaintableError(reason));
    }
  });

  it('is not a slower one because a part of the engine could not be fetched', async () => {
    const missing = new FetchError('A part could not be fetched.');
    vi.mocked(createPainter).mockRejectedValue(new EngineError('WebGPU refused', { cause: missing }));
    await expect(select()).rejects.toBe(missing);
    vi.mocked(webgpuAvailable).mockResolvedValue({ ok: false, reason: 'none' });
    vi.mocked(createWasmPainter).mockRejectedValue(new Error('forbidden'));
    allowSoftwareOnly();
    await expect(select()).rejects.toBe(missing);
  });

  it('is in words for visitors where the engine refuses the look on the backend of the URL', async () => {
    vi.mocked(createPainter).mockRejectedValue(new EngineError("Node 'c' is too large"));
    for (const [chosen, reason] of [
      [look, "Node 'c' is too large"],
      [refused, refused.refusal],
    ] as const) {
      const forced = select({ forcedBackend: 'webgpu' }, chosen);
      await expect(forced).rejects.toThrow(UnpaintableError);
      await expect(forced).rejects.toThrow(/^the address of this page asks for “backend=webgpu”, which/);
      expect(logged).toHaveBeenLastCalledWith(reason);
    }
  });

  it('follows the URL', async () => {
    expect(await select({ forcedBackend: 'wasm' })).toMatchObject({ backend: 'wasm', fallbackReason: null });
    expect(webgpuAvailable).not.toHaveBeenCalled();
    vi.mocked(webgl2Available).mockResolvedValue({ ok: true, adapter: 'software' });
    expect(await select({ forcedBackend: 'webgl2' })).toMatchObject({ backend: 'webgl2' });
    expect(webgl2Available).toHaveBeenCalledWith({ allowSoftware: true, canvas: {} });
    expect(webgpuAvailable).not.toHaveBeenCalled();
    const parsed = ['wasm', 'webgpu', 'webgl2', 'x'].map(name => parseForcedBackend(`?backend=${name}`));
    expect([...parsed, parseForcedBackend('')]).toEqual(['wasm', 'webgpu', 'webgl2', null, null]);
  });
});
