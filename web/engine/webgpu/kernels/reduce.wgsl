// Reduces some axes: SHARE threads work on one output and one block of channels. Empty lanes hold zeros, which are
// neutral only in a sum.
const THREADS = 64;

var<workgroup> parts: array<vec4f, THREADS>;

@compute @workgroup_size(THREADS)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) index: u32) {
  let thread = i32(index);
  let input = sizes[2];
  let blocks = sizes[3].z;
  let out = element(i32(group.x + group.y * 65535) * (THREADS / SHARE) + thread / SHARE);
  let many = select(vec4i(1), vec4i(input.x, input.z, input.w, blocks), REDUCED);
  let count = many.x * many.y * many.z * many.w;
  var sum = vec4f(NEUTRAL);
  if (out.x < sizes[0].x) {
    for (var at = thread % SHARE; at < count; at += SHARE) {
      let c = at % many.w;
      let x = at / many.w % many.z;
      let y = at / (many.w * many.z) % many.y;
      let n = at / (many.w * many.z * many.y);
      let position = out + vec4i(n, y, x, c);
      let value = read_0(position.x, position.y, position.z, position.w);
      let lanes = vec4i(position.w * 4) + vec4i(0, 1, 2, 3);
      sum = combine(sum, select(vec4f(NEUTRAL), value, lanes < vec4i(input.y)));
    }
  }
  parts[index] = sum;
  for (var half = SHARE / 2; half > 0; half /= 2) {
    workgroupBarrier();
    if (thread % SHARE < half) {
      parts[index] = combine(parts[index], parts[index + u32(half)]);
    }
  }
  if (thread % SHARE > 0 || out.x >= sizes[0].x) {
    return;
  }
  var made = parts[index];
  if (REDUCED.w) {
    made = combine(made, made.zwxy);
    made = vec4f(combine(made, made.yxwz).x, 0, 0, 0);
  }
  store(made, out.x, out.y, out.z, out.w);
}
