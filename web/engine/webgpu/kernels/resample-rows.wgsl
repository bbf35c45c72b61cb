// left * image * right^T with wide bands: a workgroup computes a row of outputs. It first sums down the columns of the
// input, for all outputs of the row, and then across.

var<workgroup> columns: array<vec4f, COLUMNS>;

@compute @workgroup_size(THREADS)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) index: u32) {
  let out = vec3i(group);
  let top = start_y(out.x);
  for (var x = i32(index); x < COLUMNS; x += THREADS) {
    var sum = vec4f(0);
    for (var j = 0; j < WIDTH.x; j++) {
      sum += weight_y(out.x, j) * read_0(out.z, top + j, x, out.y);
    }
    columns[x] = sum;
  }
  workgroupBarrier();
  for (var x = i32(index); x < sizes[0].w; x += THREADS) {
    let left = start_x(x);
    var sum = vec4f(0);
    for (var i = 0; i < WIDTH.y; i++) {
      sum += weight_x(x, i) * columns[left + i];
    }
    store(sum, out.z, out.x, x, out.y);
  }
}
