// Figures as people read them.

import type { Measured, Ran } from './results.ts';

/** Three figures that count: 0.123, 12.3, 1,230. */
export function digits(value: number): string {
  if (!Number.isFinite(value)) return String(value);
  if (value >= 1000) return Math.round(value).toLocaleString('en');
  return value >= 100 ? value.toFixed(0) : Number(value.toPrecision(3)).toString();
}

export function size(bytes: number): string {
  if (bytes === 0) return '-';
  return bytes < 1e6 ? `${digits(bytes / 1e3)} kB` : `${digits(bytes / 1e6)} MB`;
}

/** Median, and in brackets the quartiles. */
export const milliseconds = (measured: Measured | undefined): string =>
  measured
    ? `${digits(measured.spread.median)} (${digits(measured.spread.lower)}-${digits(measured.spread.upper)})`
    : '-';

export const times = (measured: Measured | undefined): string =>
  measured?.ratio ? measured.ratio.toFixed(measured.ratio < 10 ? 2 : 1) : '-';

export const calls = ({
  calls: { dispatches, submits, bindGroups, resources, writes, readbacks },
}: Ran): string => [dispatches, submits, bindGroups, resources, writes, readbacks].join(' / ');

export function difference({ difference: most, ranked }: Ran): string {
  if (most === null) return 'not compared';
  return `${most === 0 ? '0' : most.toExponential(0)}${ranked ? '' : ' (another painting)'}`;
}

/** Of the canvas, of 255. */
export const shown = (row: Ran): string => (row.shown === null ? '-' : digits(row.shown));

/** With one full stop, whether or not it had one. */
export const stopped = (sentence: string): string => `${sentence.trim().replace(/\.+$/, '')}.`;

export function duration(seconds: number): string {
  if (seconds >= 90) return `${Math.round(seconds / 60)} minutes`;
  const whole = Math.max(1, Math.round(seconds));
  return whole === 1 ? '1 second' : `${whole} seconds`;
}
