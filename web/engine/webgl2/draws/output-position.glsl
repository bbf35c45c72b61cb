// The position of the values that this fragment computes: WIDE pixels of a row from pixel x on, DEEP blocks from
// block c on. A tensor has two vectors in `sizes`: its shape (N, C, H, W), and its layout (see texture-layout.ts):
// tiles of an image, first block, log2 of the tiles across, width of a tile.
struct OutputPosition {
  bool inside;
  int n;
  int y;
  int x;
  int c;
};

OutputPosition outputPosition() {
  ivec2 texel = ivec2(gl_FragCoord.xy);
  ivec4 shape = sizes[0];
  ivec4 tiling = sizes[1];
  int tile = (texel.y / shape.z << tiling.z) + texel.x / tiling.w;
  OutputPosition at;
  at.n = tile / tiling.x;
  at.y = texel.y % shape.z;
  at.x = texel.x % tiling.w * WIDE;
  at.c = (tile % tiling.x) * DEEP - tiling.y;
  at.inside = at.c >= 0 && at.c * 4 < shape.y && at.n < shape.x;
  return at;
}
