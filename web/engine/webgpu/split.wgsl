// Convolution, one workgroup for one block of output channels at PIXELS outputs: for the deep layers, which
// have few pixels and nearly all of the weights. The threads share the sum over kernel and input channels
// out among themselves, neighbours reading neighbouring weights, so each weight is read once and the
// memory's bandwidth is what limits it; then they add up what they have.
const PIXELS = 8;
const THREADS = 64;

var<workgroup> sums: array<vec4f, PIXELS * THREADS>;
var<workgroup> parts: array<vec4f, THREADS>;

@compute @workgroup_size(THREADS)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) index: u32) {
  let size = sizes[0];
  let bases = sizes[BASES].xy;
  let blocks_in = sizes[3].z;
  let thread = i32(index);
  let c = i32(group.y);
  let phase = vec2i(i32(group.z) / OUTPUT_STRIDE.y, i32(group.z) % OUTPUT_STRIDE.y);
  let first = i32(group.x) * PIXELS;
  let many = min(PIXELS, size.x * bases.x * bases.y - first);
  let vertical = phase_y(phase.x);
  let horizontal = phase_x(phase.y);
  let zero = zero_point(c);
  var sum: array<vec4f, PIXELS>;
  // Divisions are slow on GPUs: done once, not for each weight.
  var places: array<vec3i, PIXELS>;
  for (var p = 0; p < PIXELS; p++) {
    let base = base_of(first + p, bases);
    places[p] = vec3i(base.x, base.yz * INPUT_STRIDE);
  }
  let count = vertical.y * horizontal.y * blocks_in;
  for (var at = thread; at < count; at += THREADS) {
    let k = at % blocks_in;
    let tap = at / blocks_in;
    let j = tap / horizontal.y;
    let i = tap % horizontal.y;
    let place = (vertical.x + j * KERNEL_STEP.x) * KERNEL.y + horizontal.x + i * KERNEL_STEP.y;
    let weight = block((c * TAPS + place) * blocks_in + k, zero);
    let offset = vec2i(vertical.z + j * INPUT_STEP.x, horizontal.z + i * INPUT_STEP.y);
    for (var p = 0; p < many; p++) {
      let base = places[p];
      sum[p] += weight * load(base.x, base.y + offset.x, base.z + offset.y, k);
    }
  }
  for (var p = 0; p < PIXELS; p++) {
    sums[p * THREADS + thread] = sum[p];
  }
  workgroupBarrier();
  // Eight threads for each pixel add up eight sums each, then one of them adds up those.
  let pixel = thread / 8;
  var part = vec4f(0);
  for (var t = thread % 8; t < THREADS; t += 8) {
    part += sums[pixel * THREADS + t];
  }
  parts[thread] = part;
  workgroupBarrier();
  if (thread % 8 != 0 || pixel >= many) {
    return;
  }
  for (var t = 1; t < 8; t++) {
    part += parts[thread + t];
  }
  let base = base_of(first + pixel, bases);
  let y = base.y * OUTPUT_STRIDE.x + phase.x;
  let x = base.z * OUTPUT_STRIDE.y + phase.y;
  if (y < size.z && x < size.w) {
    store(part, base.x, y, x, c);
  }
}

fn base_of(index: i32, bases: vec2i) -> vec3i {
  let row = index / bases.y;
  return vec3i(row / bases.x, row % bases.x, index % bases.y);
}
