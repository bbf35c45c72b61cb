// Multiplies two computed matrices for each image and channel. Not optimized.
vec4 make(int n, int y, int x, int c) {
  vec4 sum = vec4(0);
  for (int k = 0; k < sizes[2].w; k++) {
    sum += left(n, y, k, c) * right(n, k, x, c);
  }
  return sum;
}
