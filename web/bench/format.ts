// Formats figures for tables.

import type { RivalResult, Timing } from './results.ts';

/** Three significant digits: 0.123, 12.3, 1,230. */
export function formatNumber(value: number): string {
  if (!Number.isFinite(value)) return String(value);
  if (value >= 1000) return Math.round(value).toLocaleString('en');
  return value >= 100 ? value.toFixed(0) : Number(value.toPrecision(3)).toString();
}

export function formatBytes(bytes: number): string {
  if (bytes === 0) return '-';
  return bytes < 1e6 ? `${formatNumber(bytes / 1e3)} kB` : `${formatNumber(bytes / 1e6)} MB`;
}

/** The median, with the quartiles in brackets. */
export const formatTiming = (timing: Timing | undefined): string =>
  timing
    ? `${formatNumber(timing.spread.median)} (${formatNumber(timing.spread.lower)}-${formatNumber(timing.spread.upper)})`
    : '-';

export const formatRatio = (timing: Timing | undefined): string =>
  timing?.ratio ? timing.ratio.toFixed(timing.ratio < 10 ? 2 : 1) : '-';

export function formatCalls({ calls }: RivalResult): string {
  if (!calls) return '-';
  const { dispatches, submits, bindGroups, resources, writes, readbacks } = calls;
  return [dispatches, submits, bindGroups, resources, writes, readbacks].join(' / ');
}

export function formatDifference({ difference, ranked }: RivalResult): string {
  if (difference === null) return 'not compared';
  return `${difference === 0 ? '0' : difference.toExponential(0)}${ranked ? '' : ' (another painting)'}`;
}

/** Mean difference of the canvas, of 255. */
export const formatCanvasDifference = ({ shown }: RivalResult): string =>
  shown === null ? '-' : formatNumber(shown);

/** Ends a sentence with exactly one full stop. */
export const endSentence = (sentence: string): string => `${sentence.trim().replace(/\.+$/, '')}.`;

export function formatDuration(seconds: number): string {
  if (seconds >= 90) return `${Math.round(seconds / 60)} minutes`;
  const whole = Math.max(1, Math.round(seconds));
  return whole === 1 ? '1 second' : `${whole} seconds`;
}
