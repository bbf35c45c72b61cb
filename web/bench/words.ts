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
  if (most === null) return '-';
  return `${most === 0 ? '0' : most.toExponential(0)}${ranked ? '' : ' (another painting)'}`;
}

export function duration(seconds: number): string {
  if (seconds < 90) return `${Math.max(1, Math.round(seconds))} seconds`;
  return `${Math.round(seconds / 60)} minutes`;
}
