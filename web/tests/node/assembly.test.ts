// What `npm run proxy` counts in the assembly of each vendor, on loops that are counted by hand.

import { expect, test } from 'vitest';
import {
  countAdreno,
  countAmd,
  countAmdProgram,
  countIntel,
  countIntelProgram,
  countMali,
  type LoopCounts,
  registersOfMali,
} from '../proxy/assembly.ts';
import { type Dispatch, threadsOf } from '../proxy/dispatch.ts';

const counted = ({ products, instructions, cycles }: LoopCounts) => ({ products, instructions, cycles });

test('AMD: the innermost loop, a packed instruction for two products', () => {
  const assembly = `
BB1:
  v_mov_b32 v0, 0
BB2:
  ds_read_b128 v[0:3], v4            ; 00
  v_fma_f32 v0, v1, v2, v0
  v_pk_fma_f16 v5, v6, v7, v5
  v_add_u32 v8, v8, v9
  s_cbranch_scc1 BB2
  s_branch BB1
`;
  expect(counted(countAmd(assembly))).toEqual({ products: 3, instructions: 3, cycles: 6 });
});

test('Intel: half the time for half the threads, and for half floats', () => {
  const assembly = `
LABEL1:
mad(16)         g16<1>F         g16<8,8,1>F     g98<8,8,1>F     g103<1,1,1>F { align1 1H };
mad(8)          g17<1>F         g17<8,8,1>F     g98<8,8,1>F     g103<1,1,1>F { align1 1Q };
mad(8)          g18<1>F         g18<8,8,1>F     g98<8,8,1>F     g103<1,1,1>F { align1 2Q };
mad(16)         g19<1>HF        g19<8,8,1>HF    g98<8,8,1>HF    g103<1,1,1>HF { align1 1H };
sync nop(1)     null<0,1,0>UB   { align1 WE_all 1N };
(-f0.0) while(16) JIP:  LABEL1
`;
  expect(counted(countIntel(assembly, 16))).toEqual({ products: 3, instructions: 4, cycles: 5 });
});

const NESTED = `
v_mov_b32 v0, 0
BB1:
  v_add_u32 v8, v8, v9
BB2:
  v_fma_f32 v0, v1, v2, v0
  s_cbranch_scc1 BB2
  s_cbranch_scc0 BB3
  s_branch BB1
BB3:
  v_mov_b32 v1, 0
  s_endpgm
`;

test('AMD: a whole program, whose loops go round as often as is known', () => {
  expect(counted(countAmdProgram(NESTED, [2, 5]))).toEqual({ products: 10, instructions: 14, cycles: 28 });
});

test('a loop that goes round once may be none in the program, and no other may be missing', () => {
  expect(countAmdProgram(NESTED, [2, 5, 1]).products).toBe(10);
  expect(() => countAmdProgram(NESTED, [2])).toThrow('The program has 2 loops, and 1 are known.');
  expect(() => countAmdProgram(NESTED, [2, 5, 3])).toThrow('The program has 2 loops, and 3 are known.');
});

test('Intel: a whole program', () => {
  const assembly = `
mov(16)         g1<1>F          g2<8,8,1>F      { align1 1H };
LABEL1:
mad(16)         g16<1>F         g16<8,8,1>F     g98<8,8,1>F     g103<1,1,1>F { align1 1H };
(+f0.0) break(16) JIP:  LABEL0  UIP:  LABEL0    { align1 1H };
LABEL0:
while(16)       JIP:  LABEL1    { align1 1H };
`;
  expect(counted(countIntelProgram(assembly, 16, [4]))).toEqual({
    products: 4,
    instructions: 13,
    cycles: 26,
  });
});

test('Adreno: repeated instructions count as often, and waiting does not', () => {
  const assembly = `
l8:
(sy)(ss)mad.f32 r10.w, r22.z, r21.z, r10.w
(rpt2)mad.f32 r11.y, (r)r23.x, r21.z, (r)r11.y
(rpt1)nop
(nop3) shl.b r2.y, r2.y, 1
br !p0.x, #l8
`;
  expect(counted(countAdreno(assembly))).toEqual({ products: 4, instructions: 5, cycles: 5 });
});

test('Mali: jumps count instructions', () => {
  const assembly = `
   MOV.i32 r6, 0x0
   FMA.f32 r13, ^r13, r14, 0x0.neg

   FMA.v2f16 r7, r8, r9, r7
   IADD.s32 r15, ^r15, ^r16
   BRANCHZ.eq.reconverge 0x0, offset:-4
   MOV.i32 r62, 0x0
`;
  expect(counted(countMali(assembly))).toEqual({ products: 3, instructions: 3, cycles: 3 });
  expect(registersOfMali(assembly)).toBe(63);
});

test('the threads of a workgroup, by numbers, constants and override constants', () => {
  const threads = (code: string, constants: Dispatch['constants'] = {}) =>
    threadsOf({ label: '', code, constants, workgroups: 1, multiplyAdds: 0, bytes: 0 });
  expect(threads('@compute @workgroup_size(64)')).toBe(64);
  expect(threads('const x: u32 = 8; @workgroup_size(x, x, 1)')).toBe(64);
  expect(
    threads('@id(0) override X: i32; @id(1) override Y: i32; @workgroup_size(X, Y)', { 0: 16, 1: 4 }),
  ).toBe(64);
  expect(() => threads('@workgroup_size(unknown)')).toThrow('unknown');
});
