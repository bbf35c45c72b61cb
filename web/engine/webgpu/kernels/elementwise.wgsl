// Each thread computes one block of four channels: element-wise operations, and copies of any kind.
@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3u) {
  let at = element(i32(id.x + id.y * ROW));
  if (at.x >= sizes[0].x) {
    return;
  }
  store(make(at.x, at.y, at.z, at.w), at.x, at.y, at.z, at.w);
}
