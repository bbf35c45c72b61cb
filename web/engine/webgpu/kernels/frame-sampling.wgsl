// Samples a pixel of the picture, which is a square of the camera's frame, resized for the network. Where the frame
// is much larger, several samples are averaged against aliasing.
var<private> corner: vec2f;
var<private> step: vec2f;
var<private> taps: i32;

// Call it first.
fn take_crop() {
  corner = crop[0].xy;
  step = crop[0].zw;
  taps = i32(crop[1].x);
}

fn sampled(at: vec2i) -> vec4f {
  var sum = vec3f(0);
  for (var j = 0; j < taps; j++) {
    for (var i = 0; i < taps; i++) {
      let inner = (vec2f(f32(i), f32(j)) + 0.5) / f32(taps);
      sum += sample(corner + (vec2f(at) + inner) * step);
    }
  }
  // An external texture may leave the range a little.
  return vec4f(clamp(sum / f32(taps * taps), vec3f(0), vec3f(1)), 0);
}
