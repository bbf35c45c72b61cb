// Normalization. SHARE threads read the values of a mean three times (mean, variance, result). The statistics take two
// passes, since a difference of squares loses all digits on bright, even pictures.

// Value number `at` of the mean whose first value is at `corner`: (y, x, block).
fn position(at: i32, many: vec3i, corner: vec3i) -> vec3i {
  return corner + vec3i(at / many.z / many.y, at / many.z % many.y, at % many.z);
}

@compute @workgroup_size(THREADS)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) index: u32) {
  let thread = i32(index);
  let size = sizes[0];
  let many = vec3i(select(vec2i(1), size.zw, TOGETHER), blocks_together());
  let means = vec3i(size.zw, sizes[1].z) / many;
  let mean_index = i32(group.x + group.y * 65535) * (THREADS / SHARE) + thread / SHARE;
  let n = mean_index / (means.x * means.y * means.z);
  let place = vec3i(mean_index / means.z / means.y % means.x, mean_index / means.z % means.y, mean_index % means.z);
  let corner = place * many;
  let count = select(0, many.x * many.y * many.z, n < size.x);
  let values = f32(many.x * many.y * channels_together());
  var sum = vec4f(0);
  for (var at = thread % SHARE; at < count; at += SHARE) {
    let here = position(at, many, corner);
    sum += read_0(n, here.x, here.y, here.z);
  }
  let mean = lane_sum(total(index, sum)) / values;
  var squares = vec4f(0);
  for (var at = thread % SHARE; at < count; at += SHARE) {
    let here = position(at, many, corner);
    let distance = lanes(read_0(n, here.x, here.y, here.z) - mean, here.z);
    squares += distance * distance;
  }
  let factor = inverse(lane_sum(total(index, squares)) / values);
  for (var at = thread % SHARE; at < count; at += SHARE) {
    let here = position(at, many, corner);
    store((read_0(n, here.x, here.y, here.z) - mean) * factor, n, here.x, here.y, here.z);
  }
}
