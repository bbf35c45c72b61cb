// left * image * right^T for banded matrices, one thread per output and block of channels.
@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3u) {
  let at = element(i32(id.x + id.y * ROW));
  if (at.x >= sizes[0].x) {
    return;
  }
  let top = start_y(at.y);
  let left = start_x(at.z);
  var sum = vec4f(0);
  for (var j = 0; j < WIDTH.x; j++) {
    var row = vec4f(0);
    for (var i = 0; i < WIDTH.y; i++) {
      row += weight_x(at.z, i) * read_0(at.x, top + j, left + i, at.w);
    }
    sum += weight_y(at.y, j) * row;
  }
  store(sum, at.x, at.y, at.z, at.w);
}
