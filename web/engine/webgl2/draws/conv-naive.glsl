// Convolution channel by channel, for groups and for shapes that conv.ts does not unroll. Not optimized.
vec4 make(int n, int y, int x, int c) {
  ivec3 vertical = phase_y(y % OUTPUT_STRIDE.x);
  ivec3 horizontal = phase_x(x % OUTPUT_STRIDE.y);
  ivec2 base = ivec2(y, x) / OUTPUT_STRIDE * INPUT_STRIDE;
  int channels_in = sizes[2].y / GROUPS;
  int channels_out = sizes[0].y / GROUPS;
  vec4 sum = vec4(0);
  for (int lane = 0; lane < 4 && c * 4 + lane < sizes[0].y; lane++) {
    int channel = c * 4 + lane;
    int start = channel / channels_out * channels_in;
    for (int j = 0; j < vertical.y; j++) {
      for (int i = 0; i < horizontal.y; i++) {
        ivec2 position = base + ivec2(vertical.z, horizontal.z) + ivec2(j, i) * INPUT_STEP;
        ivec2 from = clamp(position, ivec2(0), sizes[2].zw - 1);
        if (!EDGE && from != position) {
          continue;
        }
        int tap = (vertical.x + j * KERNEL_STEP.x) * KERNEL_WIDTH + horizontal.x + i * KERNEL_STEP.y;
        int at = (channel * TAPS + tap) * channels_in;
        for (int k = 0; k < channels_in; k++) {
          float value = prepare(read_0(n, from.x, from.y, (start + k) / 4))[(start + k) % 4];
          vec4 weight = weightBlock((at + k) / 4);
          sum[lane] += weight[(at + k) % 4] * value;
        }
      }
    }
  }
  return scaleShift(sum, c);
}
