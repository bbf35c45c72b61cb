// Convolution: a fragment makes WIDE pixels side by side and DEEP blocks of channels, of which each fetched
// value and each fetched block of weights serves several. What it does per row of the kernel and block of
// input channels (`products`) is written out by convolution.ts, so that no address is computed twice.
void main() {
  Spot at = spot();
  if (!at.inside) {
    discard;
  }
  start(at);
  ivec4 shape = sizes[2];
  ivec4 place = sizes[3];
  ivec3 vertical = phase_y(at.y % OUTPUT_STRIDE.x);
  int top = at.y / OUTPUT_STRIDE.x * INPUT_STRIDE.x + vertical.z;
  int blocks_in = (shape.y + 3) / 4;
  for (int j = 0; j < vertical.y; j++) {
    int y = top + j * INPUT_STEP_Y;
    if (y < 0 || y >= shape.z) {
      continue;
    }
    int row = at.c * TAPS + (vertical.x + j * KERNEL_STEP_Y) * KERNEL_WIDTH;
    for (int k = 0; k < blocks_in; k++) {
      int block = place.y + k;
      int tile = at.n * place.x + GROUP(block);
      int left = (tile & ((1 << place.z) - 1)) * place.w;
      products(ivec3(left, (tile >> place.z) * shape.z + y, WITHIN(block)), k, row);
    }
  }
  end(at);
}
