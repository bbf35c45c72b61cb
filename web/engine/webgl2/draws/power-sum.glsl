// Sums of values, or of squares of their distances from the mean, along one axis. The mean is computed before, since a
// difference of sums of squares would lose all digits on bright, even pictures.

// Value number `i` of the group of channels of each lane.
vec4 member(int n, int y, int x, int c, int i) {
  vec4 made;
  for (int lane = 0; lane < 4; lane++) {
    int k = (c * 4 + lane) / GROUP * GROUP + i;
    made[lane] = read_0(n, y, x, k / 4)[k % 4];
  }
  return made;
}

vec4 make(int n, int y, int x, int c) {
  vec4 sum = vec4(0);
  for (int i = 0; i < COUNT; i++) {
    vec4 value = VALUE;
    if (WHOLE) {
      // Empty lanes hold zeros, but their distances are none.
      value = mix(value, vec4(0), greaterThanEqual(ivec4(i * 4) + ivec4(0, 1, 2, 3), sizes[2].yyyy));
    }
    sum += POWER(value);
  }
  return WHOLE ? vec4(dot(sum, vec4(1)), 0, 0, 0) : sum;
}
