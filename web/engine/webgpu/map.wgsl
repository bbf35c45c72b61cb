// Every block of four channels on its own: element-wise chains, and copies of any kind.
@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3u) {
  let size = sizes[0];
  let blocks = sizes[1].z;
  var rest = i32(id.x + id.y * ROW);
  if (rest >= size.x * size.z * size.w * blocks) {
    return;
  }
  let c = rest % blocks;
  rest /= blocks;
  let x = rest % size.w;
  rest /= size.w;
  store(make(rest / size.z, rest % size.z, x, c), rest / size.z, rest % size.z, x, c);
}
