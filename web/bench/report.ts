// Results as Markdown: for the docs, and for whoever copies them from the page.

import { calls, difference, digits, milliseconds, shown, size, stopped, times } from './format.ts';
import { type LookResult, type Origin, type Ran, type Results, ran } from './results.ts';

const COLUMNS: readonly [heading: string, cell: (row: Ran) => string][] = [
  ['engine', ({ label }) => label],
  ['network alone, ms', row => milliseconds(row.times.model)],
  ['times limner', row => times(row.times.model)],
  ['camera to canvas, ms', row => milliseconds(row.times.camera)],
  ['times limner', row => times(row.times.camera)],
  ['rounds', ({ times: { model, camera } }) => `${model?.spread.count ?? 0} + ${camera?.spread.count ?? 0}`],
  ['first painting, ms', ({ first }) => digits(first)],
  ['code, gzip', ({ code }) => size(code.gzip)],
  ['look', ({ look }) => size(look.bytes)],
  ['calls a frame', calls],
  ['GPU', ({ memory }) => size(memory.gpu)],
  ['WASM', ({ memory }) => size(memory.wasm)],
  ['difference', difference],
  ['canvas apart', shown],
];

export const EXPLANATION = `Milliseconds are medians, with the quartiles in brackets. *Network alone* begins with the picture where the
engine wants it and leaves the painting there.
*Camera to canvas* is a frame of a video to a finished painting, the way the library offers. *Times limner* is the
median of the rounds' own ratios to limner on WebGPU (on WebGL2 where that is absent). *First painting* begins with
code and look fetched, and ends with a finished frame. *Calls a frame*: dispatches or draws / submits or flushes /
bind groups made / buffers and textures made / writes / read-backs. *GPU* is what buffers and textures hold, *WASM*
its heap. *Difference* is the largest from ONNX Runtime's painting (WASM) of the same picture, in 0..1; *canvas
apart* the mean difference of the bytes on the canvas from its, of 255.`;

export function markdown({ origin, looks }: Results): string {
  const parts = ['# Engines in the browser', '', described(origin), '', EXPLANATION.replaceAll('\n', ' ')];
  for (const look of looks) parts.push('', ...section(look));
  return `${parts.join('\n')}\n`;
}

/** Where the figures come from, as a paragraph. */
export function described(origin: Origin): string {
  const { time, browser, system, adapter, isolated, cores, video, plan, machine } = origin;
  const loaded = machine && machine.load !== null ? `; load before the start ${machine.load}` : '';
  return [
    `${time.slice(0, 10)}, ${browser} on ${machine ? `${machine.cpu}, ` : ''}${system}, ${cores} cores${loaded}.`,
    `WebGPU: ${adapter.webgpu}. WebGL: ${adapter.webgl}.`,
    isolated ? '' : 'The page was not isolated, so nothing had threads.',
    `Up to ${plan.rounds} rounds, or ${plan.seconds} seconds for each engine and kind of work, and never fewer`,
    `than 3 rounds; ${video === 'camera' ? 'frames of what the browser has as its camera' : 'frames of the built-in scene'}.`,
  ]
    .filter(Boolean)
    .join(' ');
}

function section({ name, pixels, rivals }: LookResult): string[] {
  const lines = [
    `## ${name}, ${pixels} pixels`,
    '',
    row(COLUMNS.map(([heading]) => heading)),
    row(COLUMNS.map(() => '---')),
  ];
  const notes: string[] = [];
  for (const rival of rivals) {
    if (ran(rival)) lines.push(row(COLUMNS.map(([, cell]) => cell(rival))));
    if (!ran(rival)) notes.push(`- ${rival.label} is left out: ${stopped(rival.why)}`);
    else if (rival.broke) notes.push(`- ${rival.label} stopped early: ${stopped(rival.broke)}`);
  }
  const versions = rivals.filter(ran).map(({ label, version, adapter, fence }) => {
    return `- ${label}: ${[version, adapter].filter(Boolean).join(', ')}. Its end: ${stopped(fence)}`;
  });
  return [...lines, '', ...notes, ...versions];
}

const row = (cells: readonly string[]): string => `| ${cells.join(' | ')} |`;
