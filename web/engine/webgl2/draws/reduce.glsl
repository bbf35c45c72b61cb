// Reduces the axes in REDUCED (images, rows, columns, blocks of channels) to one value.
vec4 make(int n, int y, int x, int c) {
  ivec4 shape = sizes[2];
  ivec4 many = ivec4(
    REDUCED.x ? shape.x : 1, REDUCED.y ? shape.z : 1, REDUCED.z ? shape.w : 1, REDUCED.w ? (shape.y + 3) / 4 : 1
  );
  vec4 made = vec4(NEUTRAL);
  for (int i = 0; i < many.x; i++) {
    for (int j = 0; j < many.y; j++) {
      for (int k = 0; k < many.z; k++) {
        for (int b = 0; b < many.w; b++) {
          vec4 value = read_0(n + i, y + j, x + k, c + b);
          // Empty lanes hold zeros, which are neutral only in a sum.
          bvec4 empty = greaterThanEqual(ivec4(c + b) * 4 + ivec4(0, 1, 2, 3), shape.yyyy);
          made = combine(made, mix(value, vec4(NEUTRAL), empty));
        }
      }
    }
  }
  if (REDUCED.w) {
    made = combine(made, made.zwxy);
    made = vec4(combine(made, made.yxwz).x, 0, 0, 0);
  }
  return made;
}
