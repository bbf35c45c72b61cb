// A banded matrix times the columns or rows of an image: each value is a weighted sum of neighbours. A row of `bands`
// holds the start, then the weights, four per texel. Weights beyond the band are zeros, for which any pixel may be
// read.
vec4 make(int n, int y, int x, int c) {
  ivec4 band = BAND;
  ivec2 step = ivec2(band.y, 1 - band.y);
  int row = band.y == 1 ? x : y;
  int last = band.y == 1 ? sizes[2].w - 1 : sizes[2].z - 1;
  int first = int(texelFetch(bands, ivec2(0, row), 0).x);
  ivec2 fixed_part = ivec2(x, y) * (1 - step);
  vec4 sum = vec4(0);
  for (int i = 0; i < band.x; i += 4) {
    vec4 weights = texelFetch(bands, ivec2(1 + i / 4, row), 0);
    ivec4 at = min(first + i + ivec4(0, 1, 2, 3), last);
    ivec2 a = fixed_part + at.x * step;
    ivec2 b = fixed_part + at.y * step;
    ivec2 d = fixed_part + at.z * step;
    ivec2 e = fixed_part + at.w * step;
    sum += weights.x * read_0(n, a.y, a.x, c) + weights.y * read_0(n, b.y, b.x, c);
    sum += weights.z * read_0(n, d.y, d.x, c) + weights.w * read_0(n, e.y, e.x, c);
  }
  return sum;
}
