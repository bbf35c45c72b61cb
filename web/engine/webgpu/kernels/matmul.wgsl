// Multiplies two computed matrices for each image and channel, one thread per element and block of channels. Not
// optimized.
@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3u) {
  let at = element(i32(id.x + id.y * ROW));
  if (at.x >= sizes[0].x) {
    return;
  }
  var sum = vec4f(0);
  for (var k = 0; k < sizes[2].w; k++) {
    sum += left(at.x, at.y, k, at.w) * right(at.x, k, at.z, at.w);
  }
  store(sum, at.x, at.y, at.z, at.w);
}
