// (softmax - 1 for the right class) / pixels.
@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3u) {
  let row = i32(id.x + id.y * ROW);
  let size = sizes[2];
  let rows = size.x * size.z * size.w;
  if (row >= rows) {
    return;
  }
  let most = most_of(row);
  let sum = sum_of(row, most);
  let right = vec4i(target_of(row));
  for (var c = 0; c < sizes[3].z; c++) {
    let share = exp(logits_at(row, c) - most) / sum;
    let wanted = select(vec4f(0), vec4f(1), lanes_of(c) == right);
    store((share - wanted) / f32(rows), row / (size.z * size.w), row / size.w % size.z, row % size.w, c);
  }
}
