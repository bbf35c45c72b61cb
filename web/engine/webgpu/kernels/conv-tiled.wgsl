// Tiled convolution. A thread computes a tile of WIDE * PHASES outputs side by side, in TALL rows and DEEP blocks of
// channels. It loads what a row of the input gives for the tile once, for all products. The products are unrolled
// (`multiply`, by conv-tiled.ts): compilers for software GPUs and phones keep an array in registers only if every
// index is a constant. SHARE threads split a tile's sum over input channels: 1 if there are enough tiles to fill the
// GPU, more if there are few pixels and many weights. With QUADS, each of four threads loads a quarter of the weights
// of their block (`block`, by weight-unpacking.ts).

var<private> lane: i32;

// Addresses of a row and of a column, or -1 where the input is zero.
fn row_at(n: i32, y: i32) -> i32 {
  let inside = clamp(y, 0, sizes[2].z - 1);
  let at = (n * sizes[2].z + inside) * sizes[2].w * sizes[3].x + sizes[3].y;
  return select(-1, at, EDGE || y == inside);
}

fn column_at(x: i32) -> i32 {
  let inside = clamp(x, 0, sizes[2].w - 1);
  return select(-1, inside * sizes[3].x, EDGE || x == inside);
}

@compute @workgroup_size(THREADS)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) index: u32) {
  let size = sizes[0];
  let rows = sizes[BASES].x;
  let across = sizes[BASES].y;
  let blocks_in = sizes[3].z;
  let share = i32(index) % SHARE;
  let at = (i32(group.x) + i32(group.y) * 65535) * (THREADS / SHARE) + i32(index) / SHARE;
  let tiles = size.x * rows * across;
  let tile = at % tiles;
  let c = at / tiles * DEEP;
  let phase = i32(group.z);
  let row = tile / across;
  let n = row / rows;
  let base = vec2i(row % rows * TALL, tile % across * WIDE);
  let within = c < sizes[1].z;
  lane = i32(index) % 4;
  var sum: array<Sum, SUMS>;
  if (within) {
    let columns = columns_at(base.y);
    let zero = zeros_at(c);
    let below = sizes[BASES].z - base.x;
    let vertical = phase_y(phase);
    for (var j = 0; j < vertical.y; j++) {
      let y = base.x * INPUT_STRIDE.x + vertical.z + j * INPUT_STEP.x;
      let inputs = rows_at(n, y, below);
      // Threads of a quad exchange weights, so they must not diverge.
      if (inputs[0] < 0 && inputs[TALL - 1] < 0 && !QUADS) {
        continue;
      }
      let weight = (c * TAPS + (vertical.x + j * KERNEL_STEP.x) * KERNEL.y) * blocks_in;
      for (var k = share; k < blocks_in; k += SHARE) {
        multiply(&sum, inputs, columns, zero, k, weight + k, blocks_in);
      }
    }
  }
  share_out(&sum, index);
  for (var block = 0; block < DEEP; block++) {
    let own = c + block;
    take_channels(own);
    for (var i = share; i < SUMS / DEEP; i += SHARE) {
      let y = (base.x + i / WIDE % TALL) * OUTPUT_STRIDE.x + phase;
      let x = (base.y + i % WIDE) * OUTPUT_STRIDE.y + i / (WIDE * TALL);
      if (within && y < size.z && x < size.w && own < sizes[1].z) {
        put(widened(result(i * DEEP + block, index)), n, y, x, own);
      }
    }
  }
}
