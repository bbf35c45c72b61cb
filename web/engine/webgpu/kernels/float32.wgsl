// A block of four channels in memory: float32.
alias Block = vec4f;

fn narrow(value: vec4f) -> Block {
  return value;
}

fn widen(block: Block) -> vec4f {
  return block;
}

// Two channels: the first two, or the others.
fn widen_pair(block: Block, half: i32) -> vec2f {
  return vec2f(block[2 * half], block[2 * half + 1]);
}

// The first channel, from the first word of a block.
fn widen_first(word: f32) -> f32 {
  return word;
}
