// Packs sums of weights: each number from the places of its terms in the state. The first block of the state is zero, for
// terms that there are not.
@group(0) @binding(0) var<storage, read> state: array<f32>;
@group(0) @binding(1) var<storage, read> terms: array<vec4u>;
@group(0) @binding(2) var<storage, read_write> packed: array<f32>;

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3u) {
  let at = id.x + id.y * ROW;
  if (at >= arrayLength(&packed)) {
    return;
  }
  let places = terms[at];
  packed[at] = state[places.x] + state[places.y] + state[places.z] + state[places.w];
}
