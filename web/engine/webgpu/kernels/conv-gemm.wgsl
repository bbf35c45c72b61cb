// Convolution as a matrix product (implicit GEMM). A workgroup computes a tile of COLUMNS x ROWS outputs of one phase in
// BLOCKS blocks of channels. Its sums are over terms: a tap of the kernel and a block of input channels. Of TERMS terms
// at a time, the workgroup brings the inputs and the weights to its memory, widened once for all threads. A thread sums
// quads of 2 x 2 outputs in one block (`multiply`, by conv-gemm.ts). SPLIT parts of a workgroup share the terms where
// there are few outputs.

// Of each part: the inputs of each quad, and the weights of each block of outputs, both by term and input channel. One
// vector more keeps neighbours in other banks of memory.
alias Channels = array<vec4f, 4 * TERMS + 1>;
const QUADS_ACROSS = COLUMNS / 2;
var<workgroup> inputs: array<Channels, SPLIT * QUADS>;
var<workgroup> weights_in: array<Channels, SPLIT * BLOCKS>;

// The quotient, by the inverse of the divisor: integers are divided slowly. Exact up to two million, far more terms than a
// sum has.
fn quotient(a: i32, inverse: f32) -> i32 {
  return i32((f32(a) + 0.5) * inverse);
}

fn quad_at(quad: i32) -> vec2i {
  return vec2i(quad / QUADS_ACROSS, quad % QUADS_ACROSS) * 2;
}

@compute @workgroup_size(THREADS)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) index: u32) {
  let size = sizes[0];
  let blocks_in = sizes[3].z;
  let part = select(i32(index / LOCAL), 0, SPLIT == 1);
  let local = select(index % LOCAL, index, SPLIT == 1);
  let outputs = sizes[GEOMETRY].xy;
  let stride = sizes[GEOMETRY].zw;
  let steps = sizes[GEOMETRY + 1];
  let width = sizes[GEOMETRY + 2].x;
  let down = sizes[GEOMETRY + 2].z;
  let across = sizes[GEOMETRY + 2].w;
  let at = i32(group.x) + i32(group.y) * 65535;
  let tile = at % (size.x * down * across);
  let c = at / (size.x * down * across) * BLOCKS;
  let n = tile / across / down;
  let origin = vec2i(tile / across % down * ROWS, tile % across * COLUMNS);
  let phase = vec2i(i32(group.z) / outputs.y, i32(group.z) % outputs.y);
  // The first row of the kernel, the number of rows and where the input begins; and the same of columns.
  let vertical = sizes[GEOMETRY + 3 + phase.x];
  let horizontal = sizes[GEOMETRY + 3 + outputs.x + phase.y];
  let terms = vertical.y * horizontal.y * blocks_in;
  let lane = i32(local / 2 % TERMS);
  // Of the first quad that this thread brings.
  let corner = (origin + quad_at(i32(local / 2 / TERMS))) * stride + vec2i(vertical.z, horizontal.z);
  // The weights of the first block; or, where a thread has a register left to keep it, of the first that it brings.
  let row = (c + select(i32(local / 4 / TERMS), 0, SPLIT > 1)) * sizes[PITCH].x;
  var sum: array<vec4f, SUMS>;
  // A single loop: nested ones took a third more registers.
  for (var first = 0; first < terms; first += SPLIT * TERMS) {
    let own = first + part * TERMS + lane;
    // Beyond the last term, the last one is brought again, and weighs nothing.
    let term = min(own, terms - 1);
    let tap = quotient(term, bitcast<f32>(sizes[GEOMETRY + 2].y));
    let k = term - tap * blocks_in;
    let j = quotient(tap, bitcast<f32>(horizontal.w));
    let i = tap - j * horizontal.y;
    let kernel = (vertical.x + j * steps.z) * width + horizontal.x + i * steps.w;
    workgroupBarrier();
    keep_weights(part * BLOCKS, local, lane, c, row + kernel * blocks_in + k, own < terms);
    keep_inputs(part * QUADS, local, lane, n, corner + vec2i(j, i) * steps.xy, stride, k);
    workgroupBarrier();
    if (SPLIT == 1 || first + part * TERMS < terms) {
      multiply(&sum, part * QUADS + i32(local % ACROSS), part * BLOCKS + i32(local / ACROSS));
    }
  }
  add_parts(&sum, part, i32(local));
  if (part == 0) {
    finish_tile(&sum, n, origin, i32(local % ACROSS), c + i32(local / ACROSS), outputs, phase);
  }
}
