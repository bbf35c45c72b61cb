#version 300 es
// Draws an image whose first row is at the top.
precision highp float;
uniform sampler2D frame;
in vec2 uv;
out vec4 color;

void main() {
  color = texture(frame, vec2(uv.x, 1.0 - uv.y));
}
