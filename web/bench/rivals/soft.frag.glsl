#version 300 es
// The centre square of a frame in soft grey: a coarse level of its mipmaps.
precision highp float;
uniform sampler2D frame;
uniform vec2 square; // Its part of the frame's width and height.
uniform float level;
in vec2 place;
out vec4 colour;

void main() {
  vec3 seen = textureLod(frame, 0.5 + (place - 0.5) * square, level).rgb;
  colour = vec4(vec3(dot(seen, vec3(0.299, 0.587, 0.114))), 1.0);
}
