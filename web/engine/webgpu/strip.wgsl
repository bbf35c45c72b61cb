// Convolution, one thread for a strip of WIDE * PHASES outputs side by side in DEEP blocks of channels. What a row of the input gives for the strip is loaded once and used by all of the strip's products,
// which are written out (`multiply`, by strip.ts): compilers for software and phones keep an array in registers
// only where every index is a constant. SHARE threads share one strip's sum over input channels out among
// themselves: 1 where there are strips enough to fill the GPU, more where there are few pixels and many
// weights.

var<private> lane: i32;

@compute @workgroup_size(THREADS)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) index: u32) {
  let size = sizes[0];
  let rows = sizes[BASES].x;
  let across = sizes[BASES].y;
  let blocks_in = sizes[3].z;
  let share = i32(index) % SHARE;
  let at = (i32(group.x) + i32(group.y) * 65535) * (THREADS / SHARE) + i32(index) / SHARE;
  let strips = size.x * rows * across;
  let strip = at % strips;
  let c = at / strips * DEEP;
  let phase = i32(group.z);
  let row = strip / across;
  let n = row / rows;
  let base = vec2i(row % rows, strip % across * WIDE);
  let within = c < sizes[1].z;
  lane = i32(index) % 4;
  var sum: array<Sum, SUMS>;
  if (within) {
    let columns = columns_at(base.y);
    let zero = zeros_at(c);
    let vertical = phase_y(phase);
    for (var j = 0; j < vertical.y; j++) {
      let y = base.x * INPUT_STRIDE.x + vertical.z + j * INPUT_STEP.x;
      let first = row_at(n, y);
      // Threads that show each other their weights go on together.
      if (first < 0 && !TOGETHER) {
        continue;
      }
      let weight = (c * TAPS + (vertical.x + j * KERNEL_STEP.x) * KERNEL.y) * blocks_in;
      for (var k = share; k < blocks_in; k += SHARE) {
        multiply(&sum, first, columns, zero, k, weight + k, blocks_in);
      }
    }
  }
  share_out(&sum, index);
  let y = base.x * OUTPUT_STRIDE.x + phase;
  for (var block = 0; block < DEEP; block++) {
    let own = c + block;
    take_channels(own);
    for (var i = share; i < SUMS / DEEP; i += SHARE) {
      let x = (base.y + i % WIDE) * OUTPUT_STRIDE.y + i / WIDE;
      if (within && y < size.z && x < size.w && own < sizes[1].z) {
        put(widened(result(i * DEEP + block, index)), n, y, x, own);
      }
    }
  }
}
