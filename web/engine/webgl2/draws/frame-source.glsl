// The picture: a square of the camera's frame, resized for the network. Where the frame is much larger, several
// samples are averaged against aliasing. `crop` is the corner and the step from pixel to pixel in the frame's
// coordinates, mirrored or not. The frame is premultiplied by its alpha, as bitmaps always are; the picture is not.
vec4 make(int n, int y, int x, int c) {
  vec4 sum = vec4(0);
  for (int j = 0; j < taps; j++) {
    for (int i = 0; i < taps; i++) {
      vec2 inner = (vec2(i, j) + 0.5) / float(taps);
      sum += textureLod(frame, crop.xy + (vec2(x, y) + inner) * crop.zw, 0.0);
    }
  }
  return vec4(sum.rgb / max(sum.a, 1e-6), 0);
}
