// docs/benchmarks/gpus.json and gpus.md: what compilers of real GPUs make of the engine.

import { writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type { EngineKey } from './captures.ts';
import { DENSITY, heavyLayers, reasonBelow } from './density.ts';
import { DEVICES, PHONES, type RatedDevice } from './devices.ts';
import { memoryMs, peakMs } from './estimate.ts';
import { type KernelResult, msOf } from './measure.ts';
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
  const heavy = heavyLayers(results);
  return {
    look,
    device: device.name,
    estimate_ms: sum(results, result => msOf(device, result)),
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
    /** Of heavy layers; null where there is none. */
    least_density: heavy.length > 0 ? Math.min(...heavy.map(one => one.perInstruction)) : null,
    small_layers: smallLayersOf(device, results),
    layers: results.map(result => ({ ...layerOf(result), estimate_ms: msOf(device, result) })),
    rivals: Object.fromEntries(
      Object.entries(rivals ?? {}).map(([engine, frame]) => [
        engine,
        frame && rivalOf(engine as EngineKey, frame),
      ]),
    ),
  };
}

/** Layers of 8 x 8 pixels and less, which one workgroup could compute in one dispatch: it would have a part
 * of the device. Milliseconds of their dispatches, and what their products take at that part's peak. */
function smallLayersOf(device: RatedDevice, results: readonly KernelResult[]) {
  const small = results.filter(({ kernel }) => kernel.multiplyAdds > 0 && kernel.pixels <= 64);
  const multiplyAdds = sum(small, ({ kernel }) => kernel.multiplyAdds);
  return {
    dispatches: small.length,
    estimate_ms: sum(small, result => msOf(device, result)),
    one_workgroup_peak_ms: peakMs({ ...device, units: device.workgroupUnits }, multiplyAdds),
  };
}

const layerOf = ({ kernel, registers, spills, perInstruction }: KernelResult) => ({
  layer: kernel.label,
  tile: kernel.product?.tile,
  million_multiply_adds: kernel.multiplyAdds / 1e6,
  registers,
  spills,
  products_per_instruction: perInstruction,
  idle: kernel.product?.idle ?? 0,
});

/** What a phone's compiler makes of a frame: nothing of it is time. */
function phoneFrameOf(key: keyof typeof PHONES, look: string, results: readonly KernelResult[]) {
  const products = results.filter(({ perInstruction }) => perInstruction > 0);
  return {
    look,
    device: PHONES[key].name,
    most_registers: Math.max(...results.map(({ registers }) => registers)),
    spills: sum(results, ({ spills }) => spills),
    spilling_kernels: results.filter(({ spills }) => spills > 0).length,
    products_per_instruction:
      sum(products, ({ kernel }) => kernel.multiplyAdds) /
      sum(products, ({ kernel, perInstruction }) => kernel.multiplyAdds / perInstruction),
    layers: results.map(layerOf),
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

export function writeReport(
  results: Readonly<Record<keyof typeof DEVICES, Results>>,
  phoneResults: Readonly<Record<keyof typeof PHONES, Results['frames']>>,
): void {
  const frames = keysOf(results).flatMap(key =>
    [...results[key].frames].map(([look, kernels]) =>
      frameOf(key, look, kernels, results[key].rivals.get(look)),
    ),
  );
  const phones = keysOf(phoneResults).flatMap(key =>
    [...phoneResults[key]].map(([look, kernels]) => phoneFrameOf(key, look, kernels)),
  );
  const json = `${JSON.stringify({ frames, phones }, null, 1)}\n`;
  writeFileSync(fileURLToPath(new URL('gpus.json', FOLDER)), json);
  const ours = frames.map(frame =>
    row(
      frame.look,
      frame.device,
      frame.estimate_ms.toFixed(2),
      frame.peak_ms.toFixed(2),
      frame.memory_ms.toFixed(2),
      frame.least_density?.toFixed(2) ?? '-',
      frame.most_registers,
      frame.spills,
    ),
  );
  const beside = frames.map(frame =>
    row(frame.look, frame.device, cell(frame), ...Object.values(frame.rivals).map(cell)),
  );
  const exceptions = [...results.deck.frames].flatMap(([look, kernels]) =>
    heavyLayers(kernels)
      .filter(one => one.perInstruction < DENSITY)
      .map(one =>
        row(
          look,
          one.kernel.label.trim(),
          one.perInstruction.toFixed(2),
          reasonBelow(one) ?? 'none: the gate fails',
        ),
      ),
  );
  const onPhones = phones.map(frame =>
    row(
      frame.look,
      frame.device,
      frame.most_registers,
      frame.spilling_kernels,
      frame.spills,
      frame.products_per_instruction.toFixed(2),
    ),
  );
  const lines = [HEAD, ...ours, BELOW, ...exceptions, RIVALS, ...beside, ON_PHONES, ...onPhones, LIMITS];
  writeFileSync(fileURLToPath(new URL('gpus.md', FOLDER)), lines.join('\n'));
}

const keysOf = <K extends string>(record: Readonly<Record<K, unknown>>): K[] => Object.keys(record) as K[];

const row = (...cells: (string | number)[]): string => `| ${cells.join(' | ')} |`;

const cell = (frame: { estimate_ms: number; dispatches: number } | null): string =>
  frame ? `${frame.estimate_ms.toFixed(2)} (${frame.dispatches})` : '-';

const HEAD = `# Real GPUs, without the GPU

No real GPU was at hand. Mesa's compilers for AMD's and Intel's were: they made machine code of all kernels of a frame, and
this is what it says. Made by \`npm run proxy\` in \`web\`, which fetches Mesa 25.0.7 and Dawn; values are half floats.
[gpus.json](gpus.json) has every layer.

- *estimate*: milliseconds of a frame. On AMD waves are played through each convolution's busiest loop; on Intel
  instructions are counted at a cycle for 8 floats or 16 half floats, and spills as instructions alone, so that is a lower
  bound. Of the kernels that make the network's input, and of its first convolution where that is one of them, the whole
  program counts, for a camera of 640 x 480.
- *peak*: what the products would take if the GPU did nothing else; *memory*: what is read and written, each once.
- *density*: products for each vector instruction in a convolution's busiest loop, the least of the layers above 8 million
  multiply-adds; a dash where a look has none.
- *registers*: the most that a kernel has alive, of vectors of threads on AMD. Intel has 128, and its compiler counts before
  it assigns them: a kernel with 129 may fit.

| look | GPU | estimate, ms | peak | memory | least density | registers, at most | spilled |
|---|---|---|---|---|---|---|---|`;

const BELOW = `
## Density of heavy layers

The bar of ${DENSITY} products for each vector instruction is held on the Deck, but for the layers below. Xe does not reach it:
its registers hold few sums of a thread before they spill, so loads, conversions and addresses are shared by few
products. The GEMM has 16 sums and pays for each number that it reads from workgroup memory; other layers have two outputs of a
thread, or one where a layer has few. A gate holds each of these kernels to what it has now.

| look | layer on the Deck | density | why it is let off |
|---|---|---|---|`;

const RIVALS = `
## Beside other engines

TensorFlow.js, ONNX Runtime Web and LiteRT.js paint the same looks in Node, on the same drivers. What they dispatch is
recorded, compiled and estimated in the same way: milliseconds, and the number of dispatches.

- ONNX Runtime (a file in float16) and LiteRT (\`fp16\`) keep half floats, as we do. TensorFlow.js has no half floats.
- Ours begins with a camera's frame and ends on the canvas. Theirs begin and end with numbers on the GPU.
- The time between dispatches is not counted. A loop of their convolutions is taken to run as often as the products need,
  as if no thread were idle; of other loops we know nothing, and count one round on Intel. All three are in their favour.
  On AMD we count for such loops what the compiler assumes, which may be too much.
- A dash: LiteRT's GPU delegate lacks the padding that repeats the border, so parts of the look would run on the CPU.

| look | GPU | limner | TensorFlow.js | ONNX Runtime | LiteRT |
|---|---|---|---|---|---|`;

const ON_PHONES = `
## Phones

The kernels that these GPUs get, by Mesa's compilers for Adreno (turnip) and Mali (panvk). Qualcomm's and Arm's own
drivers, which phones have, are other compilers; so these are counts of registers and instructions and nothing else, and
no gate. Registers are of 32 bits; on Mali a thread has 64 at most. Products per instruction are those of the
convolutions' busiest loops, by their multiply-adds.

| look | GPU | registers, at most | kernels that spill | instructions for it | products per instruction |
|---|---|---|---|---|---|`;

const LIMITS = `
## What this cannot know

Nothing was run. So it knows nothing of

- caches and their bandwidth, conflicts of banks of workgroup memory, and how loads of threads are joined;
- how many waves really run at once, and what the scheduler makes of them;
- the time between dispatches and for barriers between them, which networks of many small layers feel most;
- clocks, heat and power, and who else uses the memory;
- other compilers: Windows has those of AMD and Intel for Direct3D 12, after Dawn's HLSL and DXC; macOS and iOS have
  Metal's; Android has the vendors'. They may spill where Mesa's does not, and the other way round;
- other browsers, which translate WGSL by other programs than Dawn, and other versions of Mesa and Dawn;
- NVIDIA and Apple: their compilers are closed, and Mesa's for them are not asked
  ([decision 41](../decisions.md#41-other-engines-and-phones-are-asked-by-the-same-compilers) says why).

Trust counts (registers, spills, instructions of a loop), and ratios of one kernel before and after a change. Do not trust
milliseconds, nor ratios between engines that are near 1.
`;
