#version 300 es
// A picture whose first row is the upper one.
precision highp float;
uniform sampler2D frame;
in vec2 place;
out vec4 colour;

void main() {
  colour = texture(frame, vec2(place.x, 1.0 - place.y));
}
