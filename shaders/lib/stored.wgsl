// A matrix `w` of four values an element may be stored in fewer bits: the assembler then reads it through these
// (`storedAs` in src/gpu/kernel.ts).

// Four values of 16 bits.
alias stored_f16 = vec2u;

fn from_f16(four: stored_f16) -> vec4f {
  return vec4f(unpack2x16float(four.x), unpack2x16float(four.y));
}

// Four values of 8 bits: -127 to 127 stand for -1 to 1, in units of the column's scale.
alias stored_q8 = u32;

fn from_q8(four: stored_q8) -> vec4f {
  return unpack4x8snorm(four);
}
