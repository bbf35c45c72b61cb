import { beforeEach, expect, it, vi } from 'vitest';
import { EngineError, readLook, readLookInfo } from '../../../engine/index.ts';
import { readAnyLook } from '../../../player/painters/any-look.ts';
import { UnpaintableError } from '../../../player/painters/painter.ts';
import { FetchError } from '../../../shared/errors.ts';

vi.mock('../../../engine/index.ts', () => ({
  EngineError: class extends Error {},
  readLook: vi.fn(),
  readLookInfo: vi.fn(),
}));

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
  await expect(reading).rejects.toThrow(
    /no network that turns a picture .* or too old or too new for this page/,
  );
});

it('names a pointer of Git LFS before anything reads it', async () => {
  const pointer = new TextEncoder().encode(
    'version https://git-lfs.github.com/spec/v1\noid sha256:5945dee\n',
  );
  await expect(readAnyLook(pointer)).rejects.toThrow('it is Git LFS’s pointer to the file');
  expect(readLook).not.toHaveBeenCalled();
});

it('is not refused because a part of the engine could not be fetched', async () => {
  const missing = new FetchError('A part could not be fetched.');
  vi.mocked(readLookInfo).mockRejectedValue(missing);
  await expect(readAnyLook(new Uint8Array())).rejects.toBe(missing);
  vi.mocked(readLookInfo).mockClear();
  vi.mocked(readLook).mockRejectedValue(missing);
  await expect(readAnyLook(new Uint8Array())).rejects.toBe(missing);
  expect(readLookInfo).not.toHaveBeenCalled();
});
