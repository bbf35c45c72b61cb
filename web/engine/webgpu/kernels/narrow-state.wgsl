// Copies the state as halves, a block a thread.
@group(0) @binding(0) var<storage, read> state: array<vec4f>;
@group(0) @binding(1) var<storage, read_write> narrowed: array<Block>;

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3u) {
  let at = id.x + id.y * ROW;
  if (at < arrayLength(&narrowed)) {
    narrowed[at] = narrow(state[at]);
  }
}
