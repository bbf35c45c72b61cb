// The tile of an opening whose guide is the picture itself.
fn make_tile(n: i32, first: vec2i, index: i32) {
  take_crop();
  for (var at = index; at < AREA; at += THREADS) {
    let place = first + vec2i(at / TILE.y, at % TILE.y);
    var value = vec4f(0);
    if (all(place >= vec2i(0)) && all(place < sizes[GUIDE].zw)) {
      value = value_of(sampled(place.yx), n, place.x, place.y);
    }
    keep_tile(at, value);
  }
}
