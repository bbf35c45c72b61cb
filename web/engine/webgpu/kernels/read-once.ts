// Numbers per channel of other tensors, as learned biases are: a thread reads them once for a block of channels, with
// `take_once(c)`, which kernels call before `put`.

import type { Kernel } from './kernel.ts';

const READ = /read_(\d+)\(0, 0, 0, c\)/g;

export function readOnce(kernel: Kernel): Kernel {
  const { code } = kernel;
  const inputs = [...new Set([...code.matchAll(READ)].map(([, index]) => index))];
  const kept = code.replace(READ, 'once_$1');
  const text = `${inputs.map(index => `var<private> once_${index}: vec4f;`).join('\n')}
fn take_once(c: i32) {
  take_channels(c);
${inputs.map(index => `  once_${index} = read_${index}(0, 0, 0, c);`).join('\n')}
}`;
  return { ...kernel, code: `${kept}\n${text}` };
}
