// Tiled convolution. A thread computes a tile of LONG * PHASES outputs along one axis, SHORT along the other and DEEP
// blocks of channels. It loads what a line of the input gives for the tile once, for all products. The products are
// unrolled (`multiply`, by conv-tiled.ts): compilers for software GPUs and phones keep an array in registers only if
// every index is a constant. Threads may split a tile's sum over input channels,
// where there are few pixels and many weights. With QUADS, each of four threads loads a quarter of the
// weights of their block (`block`, by weight-unpacking.ts).
//
// Tiles lie along rows; with UPRIGHT, along columns. Then neighbouring threads have neighbouring columns, and read
// neighbouring memory.

var<private> lane: i32;

@compute @workgroup_size(THREADS)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) index: u32) {
  let size = sizes[0];
  let blocks_in = sizes[3].z;
  // Across the tile, and along it.
  let strides = sizes[GEOMETRY];
  let steps = sizes[GEOMETRY + 1];
  let taps = sizes[GEOMETRY + 2];
  // Tiles across the lines and along them, lines, and threads that share a sum.
  let bases = sizes[GEOMETRY + 3];
  // Neighbouring threads with the same pixels and other channels.
  let channel_tiles = sizes[GEOMETRY + 4].x;
  let sharing = bases.w;
  let share = i32(index) % sharing;
  let at = (i32(group.x) + i32(group.y) * 65535) * (THREADS / sharing) + i32(index) / sharing;
  let lines = bases.x;
  let along = bases.y;
  let tiles = size.x * lines * along;
  let tile = at / channel_tiles % tiles;
  let c = (at / channel_tiles / tiles * channel_tiles + at % channel_tiles) * DEEP;
  let phase = vec2i(i32(group.z) / taps.y, i32(group.z) % taps.y);
  let n = tile / (lines * along);
  let of_image = tile % (lines * along);
  let line = select(of_image / along, of_image % lines, UPRIGHT);
  let base = vec2i(line * SHORT, select(of_image % along, of_image / lines, UPRIGHT) * LONG);
  let within = c < sizes[1].z;
  lane = i32(index) % 4;
  var sum: array<Sum, SUMS>;
  if (within) {
    let zero = zeros_at(c);
    let below = bases.z - base.x;
    let across = sizes[GEOMETRY + 5 + phase.x];
    let tap = sizes[GEOMETRY + 5 + strides.z + phase.y];
    var places = places_at(n, base.y * strides.y + tap.z);
    for (var t = 0; t < across.y * tap.y; t++) {
      let j = select(t, t / tap.y, TAP_LOOP);
      let i = select(0, t % tap.y, TAP_LOOP);
      let lines = lines_at(n, base.x * strides.x + across.z + j * steps.x, below);
      // Threads of a quad exchange weights, so they must not diverge.
      if (min(lines[0], lines[SHORT - 1]) >= BEYOND && !QUADS) {
        continue;
      }
      if (TAP_LOOP) {
        places = places_at(n, base.y * strides.y + tap.z + i * steps.y);
      }
      let weight = (c * taps.x + (across.x + j * steps.z) * taps.z + (tap.x + i * steps.w) * taps.w) * blocks_in;
      for (var k = share; k < blocks_in; k += sharing) {
        multiply(&sum, lines, places, zero, k, weight + k, blocks_in);
      }
    }
  }
  share_out(&sum, index);
  for (var block = 0; block < DEEP; block++) {
    let own = c + block;
    take_channels(own);
    for (var i = share; i < SUMS / DEEP; i += sharing) {
      let line_at = (base.x + i / LONG % SHORT) * strides.z + phase.x;
      let place = (base.y + i % LONG) * strides.w + phase.y + i / (LONG * SHORT);
      let y = select(line_at, place, UPRIGHT);
      let x = select(place, line_at, UPRIGHT);
      if (within && y < size.z && x < size.w && own < sizes[1].z) {
        put(widened(result(i * DEEP + block, index)), n, y, x, own);
      }
    }
  }
}
