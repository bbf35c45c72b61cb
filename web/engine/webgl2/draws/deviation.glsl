// A sum of squares: along a row of the distances from the mean, along a column of the rows' results. The mean is
// computed before, since a difference of sums of squares would lose all digits on bright, even pictures.
vec4 make(int n, int y, int x, int c) {
  vec4 sum = vec4(0);
  for (int i = 0; i < sizes[2].LENGTH; i++) {
    vec4 distance = DISTANCE;
    sum += distance * distance;
  }
  return sum;
}
