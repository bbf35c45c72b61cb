// left * image * right^T where each of few outputs sums over much of the image: one workgroup per output.
const THREADS = 64;

var<workgroup> parts: array<vec4f, THREADS>;

@compute @workgroup_size(THREADS)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) index: u32) {
  let size = sizes[0];
  let blocks = sizes[1].z;
  var rest = i32(group.x);
  let c = rest % blocks;
  rest /= blocks;
  let x = rest % size.w;
  rest /= size.w;
  let y = rest % size.z;
  let n = rest / size.z;
  let top = start_y(y);
  let left = start_x(x);
  var sum = vec4f(0);
  for (var at = i32(index); at < WIDTH.x * WIDTH.y; at += THREADS) {
    let j = at / WIDTH.y;
    let i = at % WIDTH.y;
    sum += weight_y(y, j) * weight_x(x, i) * read_0(n, top + j, left + i, c);
  }
  parts[index] = sum;
  for (var half = THREADS / 2; half > 0; half /= 2) {
    workgroupBarrier();
    if (i32(index) < half) {
      parts[index] += parts[index + u32(half)];
    }
  }
  if (index == 0) {
    store(parts[0], n, y, x, c);
  }
}
