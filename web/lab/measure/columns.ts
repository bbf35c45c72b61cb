/** What a table of measurements shows, in the page and as Markdown. */
import { isRanked, MAX_DIFFERENCE, type Measurement } from '../../shared/measurement.ts';
import { formatCount, formatNumber } from '../shell/format.ts';
import { BACKEND_LABELS, BACKEND_NAMES } from './backends.ts';

interface Column {
  readonly heading: string;
  readonly cell: (row: Measurement) => string;
}

const formatMs = (ms: number | null): string => (ms === null ? '–' : formatNumber(ms));

export const backendLabel = ({ backend, software }: Measurement): string =>
  BACKEND_NAMES.reduce((text, name) => (name === backend ? BACKEND_LABELS[name] : text), backend) +
  (software ? ' in software' : '');

/** What is to be said of a row beside its numbers. */
export function remarkOf(row: Measurement): string {
  const remarks: string[] = [];
  if (row.p50Ms !== null && !row.steady) remarks.push('unsteady');
  if (row.maxDifference === null) remarks.push('not compared');
  else if (row.maxDifference > MAX_DIFFERENCE) remarks.push('not ranked: another answer');
  return remarks.join(', ');
}

export const COLUMNS: readonly [Column, ...Column[]] = [
  { heading: 'Backend', cell: backendLabel },
  { heading: 'Median, ms', cell: ({ p50Ms }) => formatMs(p50Ms) },
  {
    heading: 'p10 – p90',
    cell: ({ p10Ms, p90Ms }) => (p10Ms === null ? '–' : `${formatMs(p10Ms)} – ${formatMs(p90Ms)}`),
  },
  { heading: 'Least', cell: ({ minMs }) => formatMs(minMs) },
  { heading: 'Runs', cell: ({ runs }) => formatCount(runs) },
  { heading: 'Load', cell: ({ loadMs }) => formatMs(loadMs) },
  { heading: 'First run', cell: ({ firstRunMs }) => formatMs(firstRunMs) },
  {
    heading: 'Off by',
    cell: ({ maxDifference }) => (maxDifference === null ? '–' : formatNumber(maxDifference)),
  },
];

/** Rows of the same network, the fastest first: what is not ranked, or did not run, comes last. */
export function groupsOf(
  rows: readonly Measurement[],
): readonly { readonly title: string; readonly rows: readonly Measurement[] }[] {
  const groups = new Map<string, Measurement[]>();
  for (const row of rows) groups.set(row.model, [...(groups.get(row.model) ?? []), row]);
  const rank = (row: Measurement) => (isRanked(row) ? (row.p50Ms ?? Infinity) : Infinity);
  return Array.from(groups, ([title, own]) => ({
    title,
    rows: own.sort((a, b) => (rank(a) === rank(b) ? 0 : rank(a) - rank(b))),
  }));
}
