// docs/benchmarks/gpus.json and gpus.md: what compilers of real GPUs make of the engine.

import { writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type { EngineKey } from './captures.ts';
import { DEVICES } from './devices.ts';
import { memoryMs, peakMs } from './estimate.ts';
import type { KernelResult } from './measure.ts';
import { ENGINES, type RivalFrame, type RivalFrames } from './rivals.ts';

/** What was measured on a device, by the looks' names. */
interface Results {
  readonly frames: ReadonlyMap<string, readonly KernelResult[]>;
  readonly rivals: ReadonlyMap<string, RivalFrames>;
}

const FOLDER = new URL('../../../docs/benchmarks/', import.meta.url);

const sum = (results: readonly KernelResult[], of: (one: KernelResult) => number): number =>
  results.reduce((total, one) => total + of(one), 0);

/** A frame: estimates beside what arithmetic and memory take at least. */
function frameOf(
  key: keyof typeof DEVICES,
  look: string,
  results: readonly KernelResult[],
  rivals: RivalFrames | undefined,
) {
  const device = DEVICES[key];
  return {
    look,
    device: device.name,
    estimate_ms: sum(results, ({ ms }) => ms),
    dispatches: results.length,
    peak_ms: peakMs(
      device,
      sum(results, ({ kernel }) => kernel.multiplyAdds),
    ),
    memory_ms: memoryMs(
      device,
      sum(results, ({ kernel }) => kernel.bytes),
    ),
    spills: sum(results, ({ spills }) => spills),
    most_registers: Math.max(...results.map(({ registers }) => registers)),
    layers: results.map(({ kernel, registers, spills, perInstruction, ms }) => ({
      layer: kernel.label,
      tile: kernel.product?.tile,
      million_multiply_adds: kernel.multiplyAdds / 1e6,
      registers,
      spills,
      products_per_instruction: perInstruction,
      idle: kernel.product?.idle ?? 0,
      estimate_ms: ms,
    })),
    rivals: Object.fromEntries(
      Object.entries(rivals ?? {}).map(([engine, frame]) => [
        engine,
        frame && rivalOf(engine as EngineKey, frame),
      ]),
    ),
  };
}

const rivalOf = (engine: EngineKey, { ms, dispatches, layers }: RivalFrame) => ({
  precision: ENGINES[engine].precision,
  estimate_ms: ms,
  dispatches,
  spills: layers.reduce((total, { spills }) => total + spills, 0),
  layers: layers.map(({ multiplyAdds, registers, spills, ms }) => ({
    million_multiply_adds: multiplyAdds / 1e6,
    registers,
    spills,
    estimate_ms: ms,
  })),
});

export function writeReport(results: Readonly<Partial<Record<keyof typeof DEVICES, Results>>>): void {
  const keys = Object.keys(results) as (keyof typeof DEVICES)[];
  const frames = keys.flatMap(key =>
    [...(results[key]?.frames ?? [])].map(([look, kernels]) =>
      frameOf(key, look, kernels, results[key]?.rivals.get(look)),
    ),
  );
  const json = `${JSON.stringify({ frames }, null, 1)}\n`;
  writeFileSync(fileURLToPath(new URL('gpus.json', FOLDER)), json);
  const ours = frames.map(frame =>
    row(
      frame.look,
      frame.device,
      frame.estimate_ms.toFixed(2),
      frame.peak_ms.toFixed(2),
      frame.memory_ms.toFixed(2),
      frame.most_registers,
      frame.spills,
    ),
  );
  const beside = frames.map(frame =>
    row(frame.look, frame.device, cell(frame), ...Object.values(frame.rivals).map(cell)),
  );
  writeFileSync(fileURLToPath(new URL('gpus.md', FOLDER)), [HEAD, ...ours, RIVALS, ...beside, ''].join('\n'));
}

const row = (...cells: (string | number)[]): string => `| ${cells.join(' | ')} |`;

const cell = (frame: { estimate_ms: number; dispatches: number } | null): string =>
  frame ? `${frame.estimate_ms.toFixed(2)} (${frame.dispatches})` : '-';

const HEAD = `# Real GPUs, without the GPU

No real GPU was at hand. Mesa's compilers for AMD's and Intel's were: they made machine code of all kernels of a frame, and
this is what it says. Made by \`npm run proxy\` in \`web\`, which fetches Mesa 25.0.7 and Dawn; values are half floats.
[gpus.json](gpus.json) has every layer.

- *estimate*: milliseconds of a frame. On AMD waves are played through each kernel's busiest loop; on Intel instructions are
  counted at a cycle for 8 floats or 16 half floats, and spills as instructions alone, so that is a lower bound.
- *peak*: what the products would take if the GPU did nothing else; *memory*: what is read and written, each once.
- *registers*: the most that a kernel has alive, of 128 on Intel; of vectors of threads on AMD.

What this cannot know: caches and their misses, conflicts of workgroup memory, the time between dispatches, clocks, other
drivers (Windows, macOS) and other browsers. Nothing was run. Trust ratios of one kernel before and after a change, and
counts, more than milliseconds.

| look | GPU | estimate, ms | peak | memory | registers, at most | spilled |
|---|---|---|---|---|---|---|`;

const RIVALS = `
## Beside other engines

TensorFlow.js, ONNX Runtime Web and LiteRT.js paint the same looks in Node, on the same drivers. What they dispatch is
recorded, compiled and estimated in the same way: milliseconds, and the number of dispatches.

- ONNX Runtime (a file in float16) and LiteRT (\`fp16\`) keep half floats, as we do. TensorFlow.js has no half floats.
- Ours begins with a camera's frame and ends on the canvas. Theirs begin and end with numbers on the GPU.
- The time between dispatches is not counted. A loop of their convolutions is taken to run as often as the products need,
  as if no thread were idle; of other loops we know nothing, and count one round on Intel, and what the compiler assumes
  on AMD. All three are in their favour.
- A dash: LiteRT's GPU delegate lacks the padding that repeats the border, so parts of the look would run on the CPU.

| look | GPU | limner | TensorFlow.js | ONNX Runtime | LiteRT |
|---|---|---|---|---|---|`;
