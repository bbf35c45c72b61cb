// Convolution. A fragment computes WIDE pixels side by side in DEEP blocks of channels, which share each fetched
// value and each fetched block of weights. conv.ts unrolls what depends on the layer, so that no address is computed
// twice: CONSTANTS and SUMS are declarations, PRODUCTS are those of one row of the kernel with one block of input
// channels, and MADE is computed from the sums. They are macros, since local variables of `main` compile several
// times as fast as globals.
void main() {
  OutputPosition at = outputPosition();
  if (!at.inside) {
    discard;
  }
  ivec4 shape = sizes[2];
  ivec4 tiling = sizes[3];
  ivec3 vertical = phase_y(at.y % OUTPUT_STRIDE.x);
  int top = at.y / OUTPUT_STRIDE.x * INPUT_STRIDE.x + vertical.z;
  int origin = at.x / OUTPUT_STRIDE.y * INPUT_STRIDE.y;
  int origin_texel = OVER_WIDE(origin);
  int blocks_in = (shape.y + 3) / 4;
  CONSTANTS
  SUMS
  for (int j = 0; j < vertical.y; j++) {
    int position = top + j * INPUT_STEP_Y;
    int y = clamp(position, 0, shape.z - 1);
    if (!EDGE && y != position) {
      continue;
    }
    int row = at.c * TAPS + (vertical.x + j * KERNEL_STEP_Y) * KERNEL_WIDTH;
    for (int k = 0; k < blocks_in; k++) {
      int block = tiling.y + k;
      int tile = at.n * tiling.x + OVER_DEEP(block);
      int left = (tile & ((1 << tiling.z) - 1)) * tiling.w;
      ivec3 from = ivec3(left, (tile >> tiling.z) * shape.z + y, WITHIN_DEEP(block));
      PRODUCTS
    }
  }
  vec4 made[OUTPUTS];
  MADE
  store(made);
}
