// left * image * right^T for banded matrices, one thread per output and block of channels.
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
  let y = rest % size.z;
  let n = rest / size.z;
  let top = start_y(y);
  let left = start_x(x);
  var sum = vec4f(0);
  for (var j = 0; j < WIDTH.x; j++) {
    var row = vec4f(0);
    for (var i = 0; i < WIDTH.y; i++) {
      row += weight_x(x, i) * read_0(n, top + j, left + i, c);
    }
    sum += weight_y(y, j) * row;
  }
  store(sum, n, y, x, c);
}
