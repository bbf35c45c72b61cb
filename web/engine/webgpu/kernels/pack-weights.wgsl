// Packs weights: each number from its place in the state. The first block of the state is zero, for padding.
@group(0) @binding(0) var<storage, read> state: array<f32>;
@group(0) @binding(1) var<storage, read> positions: array<vec4u>;
@group(0) @binding(2) var<storage, read_write> packed: array<vec4f>;

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3u) {
  let at = id.x + id.y * ROW;
  if (at >= arrayLength(&positions)) {
    return;
  }
  let places = positions[at];
  packed[at] = vec4f(state[places.x], state[places.y], state[places.z], state[places.w]);
}
