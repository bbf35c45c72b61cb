// The picture: a square of the camera's frame, resized to the network's. Where the frame is much larger,
// several samples are averaged, or fine patterns would turn into coarse ones that are not there. `crop` is
// the corner and the step of a pixel in the frame's coordinates, mirrored or not.
vec4 make(int n, int y, int x, int c) {
  vec3 sum = vec3(0);
  for (int j = 0; j < taps; j++) {
    for (int i = 0; i < taps; i++) {
      vec2 inner = (vec2(i, j) + 0.5) / float(taps);
      sum += textureLod(frame, crop.xy + (vec2(x, y) + inner) * crop.zw, 0.0).rgb;
    }
  }
  return vec4(sum / float(taps * taps), 0);
}
