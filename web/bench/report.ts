// Renders the results as Markdown: for the docs, and to copy from the page.

import {
  endSentence,
  formatBytes,
  formatCalls,
  formatCanvasDifference,
  formatDifference,
  formatNumber,
  formatRatio,
  formatTiming,
} from './format.ts';
import { type Environment, isMeasured, type LookResult, type Results, type RivalResult } from './results.ts';

interface Column {
  readonly heading: string;
  readonly cell: (rival: RivalResult) => string;
  /** Whether the page shows it too: the page has less room than a document. */
  readonly onPage?: boolean;
}

const rounds = ({ times: { model, camera } }: RivalResult): string =>
  `${model?.spread.count ?? 0} + ${camera?.spread.count ?? 0}`;

export const COLUMNS: readonly [Column, ...Column[]] = [
  { heading: 'engine', cell: ({ label }) => label },
  { heading: 'network alone, ms', cell: rival => formatTiming(rival.times.model), onPage: true },
  { heading: 'times limner', cell: rival => formatRatio(rival.times.model), onPage: true },
  { heading: 'camera to canvas, ms', cell: rival => formatTiming(rival.times.camera), onPage: true },
  { heading: 'times limner', cell: rival => formatRatio(rival.times.camera), onPage: true },
  { heading: 'rounds', cell: rounds },
  { heading: 'first painting, ms', cell: ({ first }) => formatNumber(first), onPage: true },
  { heading: 'code, gzip', cell: ({ code }) => formatBytes(code.gzip), onPage: true },
  { heading: 'look', cell: ({ look }) => formatBytes(look.bytes) },
  { heading: 'calls a frame', cell: formatCalls },
  { heading: 'GPU', cell: ({ memory }) => formatBytes(memory.gpu) },
  { heading: 'WASM', cell: ({ memory }) => formatBytes(memory.wasm) },
  { heading: 'difference', cell: formatDifference, onPage: true },
  { heading: 'canvas apart', cell: formatCanvasDifference, onPage: true },
];

export const EXPLANATION = `Milliseconds are medians, with the quartiles in brackets. *Network alone* starts with the input where the engine
reads it, for example in a GPU buffer, and leaves the painting there. *Camera to canvas* is one video frame to a
finished painting, by the means of each library. *Times limner* is the median of the ratios to limner within each
round (to limner on WebGPU, or on WebGL2 without it). *First painting* starts when code and look are fetched, and
ends with the first finished frame. *Calls a frame*: dispatches or draws / submits or flushes / bind groups created /
buffers and textures created / writes / read-backs. *GPU* is the memory of buffers and textures, *WASM* the heap.
limner in Node is a process beside the browser: from
camera to canvas it turns a picture of the video's size in memory into a painting in memory, and its code, calls and memory
are not measured. *Difference* is the largest difference from the painting of ONNX Runtime (WASM) for the same input, in 0..1; *canvas
apart* is the mean difference of the canvas from its canvas, of 255.`;

export function markdown({ origin, looks }: Results): string {
  const parts = [
    '# Engines in the browser',
    '',
    describeEnvironment(origin),
    '',
    EXPLANATION.replaceAll('\n', ' '),
  ];
  for (const look of looks) parts.push('', ...lookSection(look));
  return `${parts.join('\n')}\n`;
}

/** The environment of the run, as a paragraph. */
export function describeEnvironment(origin: Environment): string {
  const { time, browser, system, adapter, isolated, cores, video, plan, machine } = origin;
  const load = machine && machine.load !== null ? `; load before the start ${machine.load}` : '';
  return [
    `${time.slice(0, 10)}, ${browser} on ${machine ? `${machine.cpu}, ` : ''}${system}, ${cores} cores${load}.`,
    `WebGPU: ${adapter.webgpu}. WebGL: ${adapter.webgl}.`,
    isolated ? '' : 'The page was not cross-origin isolated, so no engine had threads.',
    `Up to ${plan.rounds} rounds or ${plan.seconds} seconds for each engine and workload, and never fewer`,
    `than 3 rounds; ${video === 'camera' ? 'frames of the camera' : 'frames of the built-in scene'}.`,
  ]
    .filter(Boolean)
    .join(' ');
}

function lookSection(look: LookResult): string[] {
  const measured = look.rivals.filter(isMeasured);
  const versions = measured.map(({ label, version, adapter, fence }) => {
    return `${label}: ${[version, adapter].filter(Boolean).join(', ')}. End of a step: ${endSentence(fence)}`;
  });
  return [
    `## ${look.name}, ${look.pixels} pixels`,
    '',
    tableRow(COLUMNS.map(({ heading }) => heading)),
    tableRow(COLUMNS.map(() => '---')),
    ...measured.map(rival => tableRow(COLUMNS.map(({ cell }) => cell(rival)))),
    '',
    ...[...listRemarks(look), ...versions].map(text => `- ${text}`),
  ];
}

/** Which rivals were left out or stopped early, and why. */
export function listRemarks({ rivals }: LookResult): string[] {
  return rivals.flatMap(rival => {
    if (!isMeasured(rival)) return [`${rival.label} is left out: ${endSentence(rival.why)}`];
    return rival.broke ? [`${rival.label} stopped early: ${endSentence(rival.broke)}`] : [];
  });
}

const tableRow = (cells: readonly string[]): string => `| ${cells.join(' | ')} |`;
