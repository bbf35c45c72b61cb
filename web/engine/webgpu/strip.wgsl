// Convolution, one thread for a strip of WIDE * PHASES outputs side by side in DEEP blocks of channels. What
// a row of the input gives for the strip is loaded once and used by all of the strip's products, which are
// written out (`multiply`, by convolution.ts): compilers for software and phones keep an array in registers
// only where every index is a constant. SHARE threads share one strip's sum over input channels out among
// themselves: 1 where there are strips enough to fill the GPU, more where there are few pixels and many
// weights.

@compute @workgroup_size(THREADS)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) index: u32) {
  let size = sizes[0];
  let bases = sizes[BASES].xy;
  let across = sizes[BASES].z;
  let blocks_in = sizes[3].z;
  let share = i32(index) % SHARE;
  let at = (i32(group.x) + i32(group.y) * 65535) * (THREADS / SHARE) + i32(index) / SHARE;
  let strips = size.x * bases.x * across;
  let strip = at % strips;
  let c = at / strips * DEEP;
  let phase = i32(group.z);
  let row = strip / across;
  let n = row / bases.x;
  let base = vec2i(row % bases.x, strip % across * WIDE);
  let within = c < sizes[1].z;
  var sum: array<vec4f, SUMS>;
  if (within) {
    let columns = columns_at(base.y);
    let zero = zeros_at(c);
    let vertical = phase_y(phase);
    for (var j = 0; j < vertical.y; j++) {
      let y = base.x * INPUT_STRIDE.x + vertical.z + j * INPUT_STEP.x;
      if (y < 0 || y >= sizes[2].z) {
        continue;
      }
      let first = (n * sizes[2].z + y) * sizes[2].w * sizes[3].x + sizes[3].y;
      let weight = (c * TAPS + (vertical.x + j * KERNEL_STEP.x) * KERNEL.y) * blocks_in;
      for (var k = share; k < blocks_in; k += SHARE) {
        multiply(&sum, columns, zero, first + k, weight + k, blocks_in);
      }
    }
  }
  share_out(&sum, index);
  let y = base.x * OUTPUT_STRIDE.x + phase;
  for (var i = share; i < SUMS; i += SHARE) {
    let x = (base.y + i / DEEP % WIDE) * OUTPUT_STRIDE.y + i / (DEEP * WIDE);
    let own = c + i % DEEP;
    if (within && y < size.z && x < size.w && own < sizes[1].z) {
      store(result(i, index), n, y, x, own);
    }
  }
}
