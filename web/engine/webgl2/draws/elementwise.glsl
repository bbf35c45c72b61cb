// Each value on its own: element-wise operations, copies of any kind, pooling.
void main() {
  OutputPosition at = outputPosition();
  if (!at.inside) {
    discard;
  }
  vec4 made[OUTPUTS];
  for (int i = 0; i < OUTPUTS; i++) {
    int x = at.x + i / DEEP;
    int c = at.c + i % DEEP;
    made[i] = finish(make(at.n, at.y, x, c), at.n, at.y, x, c);
  }
  store(made);
}
