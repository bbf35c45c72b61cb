// The first convolution, fused with its input of a few channels. A workgroup computes a tile of the input in
// workgroup memory, channel by channel, and from it all output channels of its pixels.

@compute @workgroup_size(THREADS)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) index: u32) {
  let size = sizes[0];
  let blocks = sizes[1].z;
  let slices = sizes[SLICES].x;
  let each = sizes[SLICES].y;
  let n = i32(group.z) / slices;
  let origin = vec2i(i32(group.y) * ROWS, i32(group.x) * ACROSS * WIDE);
  let first = origin * INPUT_STRIDE + START;
  start_tile(n, first, i32(index));
  for (var at = i32(index); at < AREA; at += THREADS) {
    let position = first + vec2i(at / TILE.y, at % TILE.y);
    let pixel = clamp(position, vec2i(0), sizes[GUIDE].zw - 1);
    var value = vec4f(0);
    if (EDGE || all(pixel == position)) {
      value = value_of(made(pixel, at % TILE.y), n, pixel.x, pixel.y);
    }
    keep_tile(at, value);
  }
  workgroupBarrier();
  let start = i32(group.z) % slices * each;
  for (var strip = i32(index); strip < ROWS * ACROSS; strip += THREADS) {
    let offset = vec2i(strip / ACROSS, strip % ACROSS * WIDE);
    let y = origin.x + offset.x;
    let x = origin.y + offset.y;
    if (y >= size.z || x >= size.w) {
      continue;
    }
    let at = offset.x * INPUT_STRIDE.x * TILE.y + offset.y * INPUT_STRIDE.y;
    for (var c = start; c < min(start + each, blocks); c++) {
      take_channels(c);
      put_strip(products(at, c, zero_point(c)), n, y, x, c);
    }
  }
}
