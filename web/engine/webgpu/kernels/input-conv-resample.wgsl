// Resamples the rows of the guide's input that a tile reads, across.
fn start_tile(n: i32, first: vec2i, index: i32) {
  let guide = sizes[GUIDE].zw;
  top = start_y(clamp(first.x, 0, guide.x - 1));
  for (var at = index; at < COARSE_AREA; at += THREADS) {
    let y = min(top + at / TILE.y, sizes[2].z - 1);
    let x = clamp(first.y + at % TILE.y, 0, guide.y - 1);
    keep_coarse(at, across(n, y, x));
  }
  workgroupBarrier();
}
