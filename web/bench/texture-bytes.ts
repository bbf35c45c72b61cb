// Bytes of textures and buffers, from the arguments of the calls that create them. An unknown format throws: a
// guess could favour the rival that uses it.

/** Read from the name of the WebGPU format: its channels and their bits. */
export function bytesPerTexel(format: GPUTextureFormat): number {
  const [, channels, bits] = /^(r|rg|rgba|bgra)(8|16|32)[a-z]/.exec(format) ?? [];
  if (!channels || !bits) throw new Error(`the bench does not know the size of ${format} textures`);
  return (channels.length * Number(bits)) / 8;
}

/** Texels of all mipmap levels, each half as wide and high as the previous one. */
export function countTexels(levels: number, width: number, height: number): number {
  let texels = 0;
  for (let level = 0; level < levels; level++) {
    texels += Math.max(1, width >> level) * Math.max(1, height >> level);
  }
  return texels;
}

/** The numbers of WebGL's constants are in its standard. */
const UNSIGNED_BYTE = 0x1401;

/** Bytes per texel of sized formats, by their constants. */
const SIZED_FORMATS = new Map<number, number>([
  ...formatsOfSize(1, [0x8229, 0x8f94, 0x8231, 0x8232]), // R8, R8_SNORM, R8I, R8UI
  ...formatsOfSize(2, [0x822d, 0x8233, 0x8234]), // R16F, R16I, R16UI
  ...formatsOfSize(4, [0x822e, 0x8235, 0x8236]), // R32F, R32I, R32UI
  ...formatsOfSize(2, [0x822b, 0x8f95, 0x8237, 0x8238]), // RG8, RG8_SNORM, RG8I, RG8UI
  ...formatsOfSize(4, [0x822f, 0x8239, 0x823a]), // RG16F, RG16I, RG16UI
  ...formatsOfSize(8, [0x8230, 0x823b, 0x823c]), // RG32F, RG32I, RG32UI
  ...formatsOfSize(3, [0x8051, 0x8c41, 0x8f96, 0x8d8f, 0x8d7d]), // RGB8, SRGB8, RGB8_SNORM, RGB8I, RGB8UI
  ...formatsOfSize(6, [0x881b, 0x8d89, 0x8d77]), // RGB16F, RGB16I, RGB16UI
  ...formatsOfSize(12, [0x8815, 0x8d83, 0x8d71]), // RGB32F, RGB32I, RGB32UI
  ...formatsOfSize(4, [0x8058, 0x8c43, 0x8f97, 0x8d8e, 0x8d7c]), // RGBA8, SRGB8_ALPHA8, RGBA8_SNORM, RGBA8I, RGBA8UI
  ...formatsOfSize(8, [0x881a, 0x8d88, 0x8d76]), // RGBA16F, RGBA16I, RGBA16UI
  ...formatsOfSize(16, [0x8814, 0x8d82, 0x8d70]), // RGBA32F, RGBA32I, RGBA32UI
]);

/** Bytes per texel of unsized formats of type UNSIGNED_BYTE: ALPHA, LUMINANCE, LUMINANCE_ALPHA, RGB, RGBA. */
const UNSIZED_FORMATS = new Map([
  ...formatsOfSize(1, [0x1906, 0x1909]),
  ...formatsOfSize(2, [0x190a]),
  ...formatsOfSize(3, [0x1907]),
  ...formatsOfSize(4, [0x1908]),
]);

function formatsOfSize(bytes: number, formats: readonly number[]): [number, number][] {
  return formats.map(format => [format, bytes]);
}

function bytesPerGlTexel(format: unknown, type: unknown): number {
  const unsized = type === UNSIGNED_BYTE ? UNSIZED_FORMATS.get(format as number) : undefined;
  const bytes = SIZED_FORMATS.get(format as number) ?? unsized;
  if (bytes === undefined) throw new Error(`the bench does not know the size of WebGL format ${format}`);
  return bytes;
}

type CallArguments = readonly unknown[];

/** Level 0 starts over, others add: target, level, format, width, height, border, format, type; or a source. */
export function texImage2DBytes(args: CallArguments, previous: number): number {
  const [, level, format, width, height, , , type] = args;
  const [columns, rows] = args.length <= 6 ? sourceSize(args[5]) : [Number(width), Number(height)];
  const bytes = columns * rows * bytesPerGlTexel(format, args.length <= 6 ? args[4] : type);
  return level === 0 ? bytes : previous + bytes;
}

/** target, level, format, width, height, depth, border, format, type. */
export function texImage3DBytes(args: CallArguments, previous: number): number {
  const [, level, format, width, height, depth, , , type] = args;
  const bytes = Number(width) * Number(height) * Number(depth) * bytesPerGlTexel(format, type);
  return level === 0 ? bytes : previous + bytes;
}

/** target, levels, format, width, height. */
export const texStorage2DBytes = ([, levels, format, width, height]: CallArguments): number =>
  countTexels(Number(levels), Number(width), Number(height)) * bytesPerGlTexel(format, null);

/** The same and layers: all levels have as many. */
export const texStorage3DBytes = (args: CallArguments): number => texStorage2DBytes(args) * Number(args[5]);

/** target, data or size. */
export const bufferDataBytes = ([, data]: CallArguments): number => {
  if (typeof data === 'number') return data;
  return (data as ArrayBuffer | ArrayBufferView | null)?.byteLength ?? 0;
};

/** Width and height of a video, an image, a canvas or a VideoFrame. */
function sourceSize(source: unknown): [width: number, height: number] {
  const sides = source as Record<string, number | undefined>;
  const width = sides.videoWidth ?? sides.displayWidth ?? sides.naturalWidth ?? sides.width;
  const height = sides.videoHeight ?? sides.displayHeight ?? sides.naturalHeight ?? sides.height;
  if (width === undefined || height === undefined)
    throw new Error('the bench does not know the size of this source');
  return [width, height];
}
