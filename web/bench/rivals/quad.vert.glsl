#version 300 es
// One triangle that covers the canvas; `uv` is (0, 0) at its lower left.
out vec2 uv;

void main() {
  uv = vec2(gl_VertexID & 1, gl_VertexID >> 1) * 2.0;
  gl_Position = vec4(uv * 2.0 - 1.0, 0.0, 1.0);
}
