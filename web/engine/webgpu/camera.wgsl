// The picture: a square of the camera's frame, resized to the network's. Where the frame is much larger,
// several samples are averaged, or fine patterns would turn into coarse ones that are not there.
@compute @workgroup_size(8, 8)
fn main(@builtin(global_invocation_id) id: vec3u) {
  let size = sizes[0];
  let at = vec2i(id.xy);
  if (at.x >= size.w || at.y >= size.z) {
    return;
  }
  let taps = i32(crop[1].x);
  var sum = vec3f(0);
  for (var j = 0; j < taps; j++) {
    for (var i = 0; i < taps; i++) {
      let inner = (vec2f(f32(i), f32(j)) + 0.5) / f32(taps);
      sum += sample(crop[0].xy + (vec2f(at) + inner) * crop[0].zw);
    }
  }
  // An external texture may leave the range a little.
  store(vec4f(clamp(sum / f32(taps * taps), vec3f(0), vec3f(1)), 0), 0, at.y, at.x, 0);
}
