import { beforeEach, expect, it, vi } from 'vitest';
import { EngineError, readLook, readLookInfo } from '../../../engine/index.ts';
import { UnpaintableError } from '../../../player/painters/painter.ts';
import { readAnyLook } from '../../../player/painters/select.ts';

vi.mock('../../../engine/index.ts', () => ({
  EngineError: class extends Error {},
  readLook: vi.fn(),
  readLookInfo: vi.fn(),
}));
vi.mock('../../../player/painters/wasm/painter.ts', () => ({ createWasmPainter: vi.fn() }));

const info = { name: 'Sea', pixels: 64 } as Awaited<ReturnType<typeof readLookInfo>>;
const look = { info } as Awaited<ReturnType<typeof readLook>>;
const logged = vi.spyOn(console, 'info').mockReturnValue();

beforeEach(() => {
  logged.mockClear();
  vi.mocked(readLook).mockReset().mockRejectedValue(new EngineError("Node 'a' has no kernel."));
  vi.mocked(readLookInfo).mockReset().mockResolvedValue(info);
});

it('is the engine’s look where it reads it', async () => {
  vi.mocked(readLook).mockResolvedValue(look);
  expect(await readAnyLook(new Uint8Array())).toBe(look);
  expect(logged).not.toHaveBeenCalled();
});

it('is a look for ONNX Runtime where the engine refuses it, and the console has the reason', async () => {
  expect(await readAnyLook(new Uint8Array())).toEqual({ info, refusal: "Node 'a' has no kernel." });
  expect(logged).toHaveBeenCalledWith("Node 'a' has no kernel.");
});

it('is refused in words for visitors where it is no look', async () => {
  vi.mocked(readLookInfo).mockRejectedValue(new EngineError("this model's output is 1 x 10"));
  const reading = readAnyLook(new Uint8Array());
  await expect(reading).rejects.toThrow(UnpaintableError);
  await expect(reading).rejects.toThrow('it is no network that turns a square picture into a painting');
});

it('names a pointer of Git LFS', async () => {
  const pointer = new TextEncoder().encode(
    'version https://git-lfs.github.com/spec/v1\noid sha256:5945dee\n',
  );
  await expect(readAnyLook(pointer)).rejects.toThrow('Git LFS’s pointer to the file');
  expect(readLookInfo).not.toHaveBeenCalled();
});

it('passes on that a part of the engine could not be fetched', async () => {
  vi.mocked(readLook).mockRejectedValue(new TypeError('Failed to fetch'));
  await expect(readAnyLook(new Uint8Array())).rejects.toThrow('Failed to fetch');
  expect(readLookInfo).not.toHaveBeenCalled();
});
