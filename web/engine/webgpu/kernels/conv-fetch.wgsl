// How convolutions read their input. The index of a block is a sum of a part for its row and one for its column. Beyond
// the border a part is so large that it leads to the last block of the buffer, which is always zero.

const BEYOND = 0x30000000;

fn part_at(at: i32, size: i32, step: i32) -> i32 {
  let inside = clamp(at, 0, size - 1);
  return select(BEYOND, inside * step, EDGE || inside == at);
}

fn y_at(n: i32, at: i32) -> i32 {
  let row = sizes[2].w * sizes[3].x;
  return part_at(at, sizes[2].z, row) + n * sizes[2].z * row + sizes[3].y;
}

fn x_at(at: i32) -> i32 {
  return part_at(at, sizes[2].w, sizes[3].x);
}

fn block_of(place: i32) -> Block {
  return input_0[min(u32(place), arrayLength(&input_0) - 1)];
}

// A prologue may make something else of zero. A sum of three parts beyond is negative.
fn prepared(value: vec4f, place: i32) -> vec4f {
  return select(vec4f(0), prepare(value), IS_SAFE || u32(place) < u32(BEYOND));
}

fn fetch(place: i32) -> vec4f {
  return prepared(widen(block_of(place)), place);
}

// Two of the four channels.
fn fetch_pair(place: i32, half: i32) -> vec2f {
  return prepared(vec4f(widen_pair(block_of(place), half), 0, 0), place).xy;
}
