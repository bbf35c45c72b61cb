// Per row, the sum of squared distances from the mean. The mean is known by then: a difference of sums of
// squares would lose all digits on bright, even pictures.
vec4 make(int n, int y, int x, int c) {
  vec4 mean = read_1(n, 0, 0, c);
  vec4 sum = vec4(0);
  for (int i = 0; i < sizes[2].w; i++) {
    vec4 distance = read_0(n, y, i, c) - mean;
    sum += distance * distance;
  }
  return sum;
}
