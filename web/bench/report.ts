// Results as Markdown: for the docs, and for whoever copies them from the page.

import { calls, difference, digits, milliseconds, shown, size, stopped, times } from './format.ts';
import { type LookResult, type Origin, type Ran, type Results, ran } from './results.ts';

interface Column {
  readonly heading: string;
  readonly cell: (row: Ran) => string;
  /** Whether the page shows it beside the engine's name: it has less room than a document. */
  readonly onPage?: boolean;
}

const rounds = ({ times: { model, camera } }: Ran): string =>
  `${model?.spread.count ?? 0} + ${camera?.spread.count ?? 0}`;

export const COLUMNS: readonly [Column, ...Column[]] = [
  { heading: 'engine', cell: ({ label }) => label },
  { heading: 'network alone, ms', cell: row => milliseconds(row.times.model), onPage: true },
  { heading: 'times limner', cell: row => times(row.times.model), onPage: true },
  { heading: 'camera to canvas, ms', cell: row => milliseconds(row.times.camera), onPage: true },
  { heading: 'times limner', cell: row => times(row.times.camera), onPage: true },
  { heading: 'rounds', cell: rounds },
  { heading: 'first painting, ms', cell: ({ first }) => digits(first), onPage: true },
  { heading: 'code, gzip', cell: ({ code }) => size(code.gzip), onPage: true },
  { heading: 'look', cell: ({ look }) => size(look.bytes) },
  { heading: 'calls a frame', cell: calls },
  { heading: 'GPU', cell: ({ memory }) => size(memory.gpu) },
  { heading: 'WASM', cell: ({ memory }) => size(memory.wasm) },
  { heading: 'difference', cell: difference, onPage: true },
  { heading: 'canvas apart', cell: shown, onPage: true },
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

function section(look: LookResult): string[] {
  const measured = look.rivals.filter(ran);
  const versions = measured.map(({ label, version, adapter, fence }) => {
    return `${label}: ${[version, adapter].filter(Boolean).join(', ')}. Its end: ${stopped(fence)}`;
  });
  return [
    `## ${look.name}, ${look.pixels} pixels`,
    '',
    row(COLUMNS.map(({ heading }) => heading)),
    row(COLUMNS.map(() => '---')),
    ...measured.map(rival => row(COLUMNS.map(({ cell }) => cell(rival)))),
    '',
    ...[...notes(look), ...versions].map(text => `- ${text}`),
  ];
}

/** Which rivals were left out or stopped early, and why. */
export function notes({ rivals }: LookResult): string[] {
  return rivals.flatMap(rival => {
    if (!ran(rival)) return [`${rival.label} is left out: ${stopped(rival.why)}`];
    return rival.broke ? [`${rival.label} stopped early: ${stopped(rival.broke)}`] : [];
  });
}

const row = (cells: readonly string[]): string => `| ${cells.join(' | ')} |`;
