// A block of four channels in memory: float16, two to a word.
alias Block = vec2u;

fn narrow(value: vec4f) -> Block {
  // WGSL does not define how values beyond a half are packed.
  let near = clamp(value, vec4f(-65504), vec4f(65504));
  return vec2u(pack2x16float(near.xy), pack2x16float(near.zw));
}

fn widen(block: Block) -> vec4f {
  return vec4f(unpack2x16float(block.x), unpack2x16float(block.y));
}

// Two channels: the first two, or the others.
fn widen_pair(block: Block, half: i32) -> vec2f {
  return unpack2x16float(block[half]);
}

// The first channel, from the first word of a block.
fn widen_first(word: u32) -> f32 {
  return unpack2x16float(word).x;
}
