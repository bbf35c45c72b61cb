// The mean of -log(softmax) of the right classes. Threads share the pixels; the first one adds up their sums.
const THREADS = 256;

var<workgroup> parts: array<f32, THREADS>;

@compute @workgroup_size(THREADS)
fn main(@builtin(local_invocation_index) index: u32) {
  let rows = sizes[2].x * sizes[2].z * sizes[2].w;
  var sum = 0.0;
  for (var row = i32(index); row < rows; row += THREADS) {
    let most = most_of(row);
    let right = target_of(row);
    sum += log(sum_of(row, most)) + most - logits_at(row, right / 4)[right % 4];
  }
  parts[index] = sum;
  workgroupBarrier();
  if (index > 0) {
    return;
  }
  var total = 0.0;
  for (var i = 0; i < THREADS; i++) {
    total += parts[i];
  }
  store(vec4f(total / f32(rows), 0, 0, 0), 0, 0, 0, 0);
}
