// Convolution as a matrix product (implicit GEMM). A workgroup computes a tile of 8 x 8 outputs of one phase in BLOCKS
// blocks of channels. Its sums are over terms: a tap of the kernel and a block of input channels. Of TERMS terms at a
// time, the workgroup brings the inputs and the weights to its memory, widened once for all threads. A thread sums a
// quad of 2 x 2 outputs in one block (`multiply`, by conv-gemm.ts).
//
// Indices of threads are unsigned: dividing signed ones takes more registers. The sizes (SIDE, BLOCKS, TERMS: by
// conv-gemm.ts) are such that each thread brings the weights of one channel, and two channels of one quad's inputs.

const QUADS = 16;
const THREADS = 128;

// The inputs of each quad, and the weights of each block of outputs, both by term and input channel. One vector more
// keeps neighbours in other banks of memory.
alias Channels = array<vec4f, 4 * TERMS + 1>;
var<workgroup> inputs: array<Channels, QUADS>;
var<workgroup> weights_in: array<Channels, BLOCKS>;

// The quotient, by the inverse of the divisor: integers are divided slowly. Exact up to two million, far more terms
// than a sum has.
fn quotient(a: i32, inverse: f32) -> i32 {
  return i32((f32(a) + 0.5) * inverse);
}

fn quad_at(quad: i32) -> vec2i {
  return vec2i(quad / 4, quad % 4) * 2;
}

fn keep_weights(index: u32, lane: i32, c: i32, at: i32) {
  let channel = i32(index / (2 * TERMS) % 2 * 2 + index % 2);
  let block = i32(index / (4 * TERMS));
  weights_in[block][4 * lane + channel] = column_of(at, channel, zero_point(c + block));
}

// Two channels at a time: four would take too many registers.
fn keep_inputs(index: u32, lane: i32, n: i32, at: vec2i, stride: vec2i, k: i32) {
  let half = i32(index % 2);
  let quad = i32(index / (2 * TERMS));
  let top = y_at(n, at.x) + k;
  let below = y_at(n, at.x + stride.x) + k;
  let left = x_at(at.y);
  let right = x_at(at.y + stride.y);
  let v0 = fetch_pair(top + left, half);
  let v1 = fetch_pair(top + right, half);
  let v2 = fetch_pair(below + left, half);
  let v3 = fetch_pair(below + right, half);
  inputs[quad][4 * lane + 2 * half] = vec4f(v0.x, v1.x, v2.x, v3.x);
  inputs[quad][4 * lane + 2 * half + 1] = vec4f(v0.y, v1.y, v2.y, v3.y);
}

fn put_at(value: vec4f, n: i32, at: vec2i, c: i32) {
  if (all(at < sizes[0].zw)) {
    put(value, n, at.x, at.y, c);
  }
}

@compute @workgroup_size(THREADS)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) index: u32) {
  let size = sizes[0];
  let blocks_in = sizes[3].z;
  let outputs = sizes[GEOMETRY].zw;
  let stride = sizes[GEOMETRY].xy;
  let steps = sizes[GEOMETRY + 1];
  let width = sizes[GEOMETRY + 2].x;
  let down = sizes[GEOMETRY + 2].z;
  let across = sizes[GEOMETRY + 2].w;
  let at = i32(group.x) + i32(group.y) * 65535;
  let tile = at % (size.x * down * across);
  let c = at / (size.x * down * across) * BLOCKS;
  let n = tile / across / down;
  let origin = vec2i(tile / across % down, tile % across) * SIDE;
  let phase = vec2i(i32(group.z) / outputs.y, i32(group.z) % outputs.y);
  // The first row of the kernel, the number of rows and where the input begins; and the same of columns.
  let vertical = sizes[GEOMETRY + 4 + phase.x];
  let horizontal = sizes[GEOMETRY + 4 + outputs.x + phase.y];
  let terms = vertical.y * horizontal.y * blocks_in;
  let lane = i32(index / 2 % TERMS);
  // Of the quad and the block that this thread brings.
  let corner = (origin + quad_at(i32(index / (2 * TERMS)))) * stride + vec2i(vertical.z, horizontal.z);
  let row = (c + i32(index / (4 * TERMS))) * sizes[GEOMETRY + 3].x;
  var sum: array<vec4f, 4>;
  // A single loop: nested ones took a third more registers.
  for (var first = 0; first < terms; first += TERMS) {
    let own = first + lane;
    // Beyond the last term, its weights are brought again, and zeros: they add nothing, whatever the input has.
    let term = min(own, terms - 1);
    let tap = quotient(term, bitcast<f32>(sizes[GEOMETRY + 2].y));
    let k = term - tap * blocks_in;
    let j = quotient(tap, bitcast<f32>(horizontal.w));
    let i = tap - j * horizontal.y;
    let kernel = (vertical.x + j * steps.z) * width + horizontal.x + i * steps.w;
    workgroupBarrier();
    keep_weights(index, lane, c, row + kernel * blocks_in + k);
    keep_inputs(index, lane, n, corner + vec2i(j, i) * steps.xy, stride, select(BEYOND, k, own < terms));
    workgroupBarrier();
    multiply(&sum, i32(index % QUADS), i32(index / QUADS));
  }
  let mine = c + i32(index / QUADS);
  if (mine < sizes[1].z) {
    take_channels(mine);
    let first = (origin + quad_at(i32(index % QUADS))) * outputs + phase;
    put_at(sum[0], n, first, mine);
    put_at(sum[1], n, first + vec2i(0, outputs.y), mine);
    put_at(sum[2], n, first + vec2i(outputs.x, 0), mine);
    put_at(sum[3], n, first + outputs, mine);
  }
}
