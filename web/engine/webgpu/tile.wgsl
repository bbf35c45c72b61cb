// Convolution as a product of matrices in tiles: for layers with many pixels and many channels, where
// arithmetic is what limits. A workgroup makes PIXELS outputs x BLOCKS blocks of channels; the values and
// weights that it needs are fetched once into its own memory, DEPTH blocks of input channels at a time,
// and a thread makes EACH outputs of one block from them.
const PIXELS = 64;
const BLOCKS = 8;
const DEPTH = 4;
const EACH = 8;
const THREADS = 64;

var<workgroup> values: array<vec4f, PIXELS * DEPTH>;
var<workgroup> matrices: array<mat4x4f, BLOCKS * DEPTH>;

@compute @workgroup_size(THREADS)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) index: u32) {
  let size = sizes[0];
  let bases = sizes[BASES].xy;
  let blocks = sizes[1].z;
  let blocks_in = sizes[3].z;
  let thread = i32(index);
  let phase = vec2i(i32(group.z) / OUTPUT_STRIDE.y, i32(group.z) % OUTPUT_STRIDE.y);
  let first = i32(group.x) * PIXELS;
  let first_block = i32(group.y) * BLOCKS;
  let c = first_block + thread % BLOCKS;
  let own = thread / BLOCKS * EACH;
  let vertical = phase_y(phase.x);
  let horizontal = phase_x(phase.y);
  // Which values and weights this thread fetches does not change along the sum.
  let fetched_k = thread % DEPTH;
  var fetched: array<vec3i, 4>;
  for (var f = 0; f < 4; f++) {
    fetched[f] = base_of(first + thread / DEPTH + f * (THREADS / DEPTH), bases);
  }
  let fetched_block = first_block + thread / DEPTH % BLOCKS;
  let zero = zero_point(min(fetched_block, blocks - 1));
  var sum: array<vec4f, EACH>;
  for (var tap = 0; tap < vertical.y * horizontal.y; tap++) {
    let j = tap / horizontal.y;
    let i = tap % horizontal.y;
    let place = (vertical.x + j * KERNEL_STEP.x) * KERNEL.y + horizontal.x + i * KERNEL_STEP.y;
    let offset = vec2i(vertical.z + j * INPUT_STEP.x, horizontal.z + i * INPUT_STEP.y);
    for (var k = 0; k < blocks_in; k += DEPTH) {
      let inside = k + fetched_k < blocks_in;
      for (var f = 0; f < 4; f++) {
        let base = fetched[f];
        var value = vec4f(0);
        if (inside && base.x < size.x) {
          let y = base.y * INPUT_STRIDE.x + offset.x;
          value = load(base.x, y, base.z * INPUT_STRIDE.y + offset.y, k + fetched_k);
        }
        values[(thread / DEPTH + f * (THREADS / DEPTH)) * DEPTH + fetched_k] = value;
      }
      if (thread < BLOCKS * DEPTH) {
        var weight = mat4x4f();
        if (inside && fetched_block < blocks) {
          weight = block((fetched_block * TAPS + place) * blocks_in + k + fetched_k, zero);
        }
        matrices[fetched_k * BLOCKS + thread / DEPTH] = weight;
      }
      workgroupBarrier();
      for (var d = 0; d < DEPTH; d++) {
        let weight = matrices[d * BLOCKS + thread % BLOCKS];
        for (var p = 0; p < EACH; p++) {
          sum[p] += weight * values[(own + p) * DEPTH + d];
        }
      }
      workgroupBarrier();
    }
  }
  if (c >= blocks) {
    return;
  }
  for (var p = 0; p < EACH; p++) {
    let base = base_of(first + own + p, bases);
    let y = base.y * OUTPUT_STRIDE.x + phase.x;
    let x = base.z * OUTPUT_STRIDE.y + phase.y;
    if (base.x < size.x && y < size.z && x < size.w) {
      store(sum[p], base.x, y, x, c);
    }
  }
}

fn base_of(index: i32, bases: vec2i) -> vec3i {
  let row = index / bases.y;
  return vec3i(row / bases.x, row % bases.x, index % bases.y);
}
