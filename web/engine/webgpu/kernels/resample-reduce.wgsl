// left * image * right^T with few outputs, each a sum over much of the image: one workgroup per output.

var<workgroup> parts: array<vec4f, THREADS>;

@compute @workgroup_size(THREADS)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) index: u32) {
  let out = element(i32(group.x));
  let top = start_y(out.y);
  let left = start_x(out.z);
  var sum = vec4f(0);
  for (var at = i32(index); at < WIDTH.x * WIDTH.y; at += THREADS) {
    let j = at / WIDTH.y;
    let i = at % WIDTH.y;
    sum += weight_y(out.y, j) * weight_x(out.z, i) * read_0(out.x, top + j, left + i, out.w);
  }
  parts[index] = sum;
  for (var half = THREADS / 2; half > 0; half /= 2) {
    workgroupBarrier();
    if (i32(index) < half) {
      parts[index] += parts[index + u32(half)];
    }
  }
  if (index == 0) {
    store(parts[0], out.x, out.y, out.z, out.w);
  }
}
