// A banded matrix times the columns or the rows of an image: each value is the sum of some weighted ones
// beside each other. A row of `bands` has where it starts, then its weights, four to a texel.
vec4 make(int n, int y, int x, int c) {
  ivec4 band = BAND;
  int row = band.y == 1 ? x : y;
  int first = int(texelFetch(bands, ivec2(0, row), 0).x);
  ivec2 at = band.y == 1 ? ivec2(first, y) : ivec2(x, first);
  ivec2 step = ivec2(band.y, 1 - band.y);
  vec4 sum = vec4(0);
  for (int i = 0; i < band.x; i += 4) {
    vec4 weights = texelFetch(bands, ivec2(1 + i / 4, row), 0);
    for (int j = 0; j < min(4, band.x - i); j++) {
      sum += weights[j] * read_0(n, at.y, at.x, c);
      at += step;
    }
  }
  return sum;
}
