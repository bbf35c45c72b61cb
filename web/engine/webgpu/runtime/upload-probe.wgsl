// Samples a video frame in the middle of its quarters: upper left, upper right, lower left, lower right.
@group(0) @binding(0) var linear_sampler: sampler;
@group(0) @binding(1) var frame: texture_external;
@group(0) @binding(2) var<storage, read_write> found: array<vec4f, 4>;

@compute @workgroup_size(4)
fn main(@builtin(local_invocation_index) i: u32) {
  let at = 0.25 + 0.5 * vec2f(f32(i % 2), f32(i / 2));
  found[i] = textureSampleBaseClampToEdge(frame, linear_sampler, at);
}
