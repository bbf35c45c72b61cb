// Instance normalization. A workgroup reads a block of channels three times (mean, deviation, result). The statistics
// take two passes, since a difference of squares loses all digits on bright, even pictures.
var<workgroup> parts: array<vec4f, THREADS>;

fn total(index: u32, own: vec4f) -> vec4f {
  workgroupBarrier();
  parts[index] = own;
  for (var half = THREADS / 2; half > 0; half /= 2) {
    workgroupBarrier();
    if (i32(index) < half) {
      parts[index] += parts[index + u32(half)];
    }
  }
  workgroupBarrier();
  return parts[0];
}

@compute @workgroup_size(THREADS)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) index: u32) {
  let size = sizes[0];
  let n = i32(group.y);
  let c = i32(group.x);
  let count = size.z * size.w;
  var sum = vec4f(0);
  for (var at = i32(index); at < count; at += THREADS) {
    sum += read_0(n, at / size.w, at % size.w, c);
  }
  let mean = total(index, sum) / f32(count);
  var squares = vec4f(0);
  for (var at = i32(index); at < count; at += THREADS) {
    let distance = read_0(n, at / size.w, at % size.w, c) - mean;
    squares += distance * distance;
  }
  let factor = scale(c) / sqrt(total(index, squares) / f32(count) + EPSILON);
  for (var at = i32(index); at < count; at += THREADS) {
    let value = (read_0(n, at / size.w, at % size.w, c) - mean) * factor + shift(c);
    store(value, n, at / size.w, at % size.w, c);
  }
}
