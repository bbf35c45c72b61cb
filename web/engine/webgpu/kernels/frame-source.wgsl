// The picture, pixel by pixel.
@compute @workgroup_size(8, 8)
fn main(@builtin(global_invocation_id) id: vec3u) {
  let size = sizes[0];
  let at = vec2i(id.xy);
  if (at.x >= size.w || at.y >= size.z) {
    return;
  }
  take_crop();
  store(sampled(at), 0, at.y, at.x, 0);
}
