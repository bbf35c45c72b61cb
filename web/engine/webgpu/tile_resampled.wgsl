// The tile of an opening whose guide is resampled: the few rows that it takes from, each resampled across, and
// from these its own rows, so that hardly anything is computed twice.

// Values of a row that a thread makes one after the other.
const RUN = 4;
const RUNS = (TILE.y + RUN - 1) / RUN;

fn make_tile(n: i32, first: vec2i, index: i32) {
  let seen = sizes[GUIDE].zw;
  let top = start_y(clamp(first.x, 0, seen.x - 1));
  for (var at = index; at < COARSE_AREA; at += THREADS) {
    let y = min(top + at / TILE.y, sizes[2].z - 1);
    let x = clamp(first.y + at % TILE.y, 0, seen.y - 1);
    let value = across(n, y, x);
    keep_coarse(at, value);
  }
  workgroupBarrier();
  for (var run = index; run < TILE.x * RUNS; run += THREADS) {
    let row = run / RUNS;
    let y = first.x + row;
    let within = y >= 0 && y < seen.x;
    let inner = clamp(y, 0, seen.x - 1);
    for (var j = 0; j < WIDTH.x; j++) {
      weights_y[j] = weight_y(inner, j);
    }
    let above = (start_y(inner) - top) * TILE.y;
    for (var i = 0; i < RUN; i++) {
      let column = run % RUNS * RUN + i;
      let x = first.y + column;
      var value = vec4f(0);
      if (within && x >= 0 && x < seen.y) {
        value = value_of(down(above + column), n, y, x);
      }
      if (column < TILE.y) {
        keep_tile(row * TILE.y + column, value);
      }
    }
  }
}
