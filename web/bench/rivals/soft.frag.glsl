#version 300 es
// The centre square of a frame in soft grey, from a coarse mipmap level.
precision highp float;
uniform sampler2D frame;
uniform vec2 square; // The square's fraction of the frame's width and height.
uniform float level;
in vec2 uv;
out vec4 color;

void main() {
  vec3 frameColor = textureLod(frame, 0.5 + (uv - 0.5) * square, level).rgb;
  color = vec4(vec3(dot(frameColor, vec3(0.299, 0.587, 0.114))), 1.0);
}
