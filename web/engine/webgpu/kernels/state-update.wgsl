// Updates the state, a block of four numbers a thread. A workgroup has blocks of one tensor: its entry of the table says
// which, and where the parts of its gradient lie. They are added up in order.
@group(0) @binding(1) var<storage, read> changes: array<vec4f>;
@group(0) @binding(2) var<storage, read> table: array<vec4u>;
@group(0) @binding(4) var<storage, read> loss: array<vec4f>;
@group(0) @binding(5) var<storage, read_write> ring: array<f32>;

@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) index: u32) {
  let number = group.x + group.y * 65535;
  if (number * 2 >= arrayLength(&table)) {
    return;
  }
  if (number == 0 && index == 0) {
    ring[u32(live[LIVE - 1].x)] = loss[LOSS_AT].x;
  }
  let entry = table[2 * number];
  let more = table[2 * number + 1];
  let kept = vec4u(4 * index) + vec4u(0, 1, 2, 3) < vec4u(entry.y);
  if (!kept.x) {
    return;
  }
  var change = vec4f(0);
  for (var part = 0u; part < more.x; part++) {
    change += changes[entry.z + index + part * entry.w];
  }
  update(i32(more.y), entry.x + index, change, changes[more.z + index], kept);
}
