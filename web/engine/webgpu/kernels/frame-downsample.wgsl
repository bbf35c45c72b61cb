// The picture and its downsampling to few cells. A workgroup computes the pixels of one cell and their weighted sum.
// Cells overlap a little: a pixel is kept by the last cell that it belongs to.

var<workgroup> parts: array<vec4f, THREADS>;

@compute @workgroup_size(THREADS)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) index: u32) {
  let size = sizes[0];
  let cell = vec2i(group.yx);
  let first = vec2i(start_y(cell.x), start_x(cell.y));
  let whole = sizes[2].zw;
  let next = vec2i(
    select(start_y(min(cell.x + 1, size.z - 1)), whole.x, cell.x + 1 == size.z),
    select(start_x(min(cell.y + 1, size.w - 1)), whole.y, cell.y + 1 == size.w),
  );
  take_crop();
  var sum = vec4f(0);
  for (var at = i32(index); at < WIDTH.x * WIDTH.y; at += THREADS) {
    let inner = vec2i(at / WIDTH.y, at % WIDTH.y);
    let pixel = first + inner;
    let value = value_of(sampled(pixel.yx), 0, pixel.x, pixel.y, 0);
    if (all(pixel < next)) {
      keep((pixel.x * whole.y + pixel.y) * sizes[3].x + sizes[3].y, value);
    }
    sum += weight_y(cell.x, inner.x) * weight_x(cell.y, inner.y) * value;
  }
  parts[index] = sum;
  for (var half = THREADS / 2; half > 0; half /= 2) {
    workgroupBarrier();
    if (i32(index) < half) {
      parts[index] += parts[index + u32(half)];
    }
  }
  if (index == 0) {
    store(parts[0], 0, cell.x, cell.y, 0);
  }
}
