/** Conversions between a canvas's RGBA bytes and a network's float planes. */

/** Converts RGBA bytes to float planes (3, P, P) of 0..1, written into `planes`. */
export function rgbaToPlanes(rgba: Uint8ClampedArray, planes: Float32Array): void {
  const area = rgba.length / 4;
  for (let pixel = 0; pixel < area; pixel++) {
    planes[pixel] = (rgba[pixel * 4] ?? 0) / 255;
    planes[area + pixel] = (rgba[pixel * 4 + 1] ?? 0) / 255;
    planes[2 * area + pixel] = (rgba[pixel * 4 + 2] ?? 0) / 255;
  }
}

/** Converts float planes (1 or 3, P, P) of 0..1 to opaque RGBA bytes; the clamped array rounds and clips. */
export function planesToRgba(planes: Float32Array, area: number): Uint8ClampedArray<ArrayBuffer> {
  const rgba = new Uint8ClampedArray(area * 4);
  const stride = planes.length >= 3 * area ? area : 0;
  for (let pixel = 0; pixel < area; pixel++) {
    rgba[pixel * 4] = (planes[pixel] ?? 0) * 255;
    rgba[pixel * 4 + 1] = (planes[stride + pixel] ?? 0) * 255;
    rgba[pixel * 4 + 2] = (planes[2 * stride + pixel] ?? 0) * 255;
    rgba[pixel * 4 + 3] = 255;
  }
  return rgba;
}
