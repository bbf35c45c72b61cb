// Convolution channel by channel, for groups and for kernels that are too wide to unroll. Not optimized.
@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3u) {
  let at = element(i32(id.x + id.y * ROW));
  if (at.x >= sizes[0].x) {
    return;
  }
  let size = sizes[0];
  let vertical = phase_y(at.y % OUTPUT_STRIDE.x);
  let horizontal = phase_x(at.z % OUTPUT_STRIDE.y);
  let base = at.yz / OUTPUT_STRIDE * INPUT_STRIDE;
  let channels_in = sizes[2].y / GROUPS;
  let channels_out = size.y / GROUPS;
  var sum = vec4f(0);
  for (var lane = 0; lane < 4 && at.w * 4 + lane < size.y; lane++) {
    let channel = at.w * 4 + lane;
    let start = channel / channels_out * channels_in;
    for (var j = 0; j < vertical.y; j++) {
      for (var i = 0; i < horizontal.y; i++) {
        let tap = (vertical.x + j * KERNEL_STEP.x) * KERNEL.y + horizontal.x + i * KERNEL_STEP.y;
        let pixel = base + vec2i(vertical.z + j * INPUT_STEP.x, horizontal.z + i * INPUT_STEP.y);
        for (var k = 0; k < channels_in; k++) {
          let value = load(at.x, pixel.x, pixel.y, (start + k) / 4)[(start + k) % 4];
          sum[lane] += weights[(channel * TAPS + tap) * channels_in + k] * value;
        }
      }
    }
  }
  store(sum, at.x, at.y, at.z, at.w);
}
