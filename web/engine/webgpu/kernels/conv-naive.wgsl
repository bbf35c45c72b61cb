// Convolution by kernels that are too wide to unroll. A thread computes WIDE outputs side by side in one block of
// channels, and reads each block of weights once for them.
const WIDE = 4;

@compute @workgroup_size(8, 8)
fn main(@builtin(global_invocation_id) id: vec3u) {
  let size = sizes[0];
  let bases = sizes[BASES].xy;
  let blocks = sizes[1].z;
  let blocks_in = sizes[3].z;
  let c = i32(id.z) % blocks;
  let phase = vec2i(i32(id.z) / blocks / OUTPUT_STRIDE.y, i32(id.z) / blocks % OUTPUT_STRIDE.y);
  let n = i32(id.y) / bases.x;
  let base = vec2i(i32(id.y) % bases.x, i32(id.x) * WIDE);
  if (n >= size.x || base.y >= bases.y) {
    return;
  }
  let vertical = phase_y(phase.x);
  let horizontal = phase_x(phase.y);
  let zero = zero_point(c);
  var sum: array<vec4f, WIDE>;
  for (var j = 0; j < vertical.y; j++) {
    let y = base.x * INPUT_STRIDE.x + vertical.z + j * INPUT_STEP.x;
    let row = (vertical.x + j * KERNEL_STEP.x) * KERNEL.y + horizontal.x;
    for (var i = 0; i < horizontal.y; i++) {
      let x = base.y * INPUT_STRIDE.y + horizontal.z + i * INPUT_STEP.y;
      let first = (c * TAPS + row + i * KERNEL_STEP.y) * blocks_in;
      for (var k = 0; k < blocks_in; k++) {
        let weight = block(first + k, zero);
        for (var p = 0; p < WIDE; p++) {
          sum[p] += weight * load(n, y, x + p * INPUT_STRIDE.y, k);
        }
      }
    }
  }
  let y = base.x * OUTPUT_STRIDE.x + phase.x;
  for (var p = 0; p < WIDE; p++) {
    let x = (base.y + p) * OUTPUT_STRIDE.y + phase.y;
    if (y < size.z && x < size.w) {
      store(sum[p], n, y, x, c);
    }
  }
}
