// Plots the results as SVG: one dot per engine with its quartiles, on a scale of times relative to the fastest.
// Rivals differ by powers of ten, so the scale is logarithmic. It begins at 1, so lengths have no meaning and
// there are no bars.

import { formatNumber } from './format.ts';
import { isMeasured, type LookResult, type RivalResult } from './results.ts';
import { isLimner } from './rivals/index.ts';
import type { Workload } from './sandbox.ts';

const WIDTH = 860;
const LEFT = 300;
const RIGHT = 90;
const LINE_HEIGHT = 22;
const TOP = 46;
const BOTTOM = 34;
const OURS = '#c8922e';
const THEIRS = '#8a8f98';
const STEPS = [1, 2, 5];

const TITLES = {
  model: 'the network alone',
  camera: 'camera to canvas',
} as const satisfies Record<Workload, string>;

interface Dot {
  readonly rival: RivalResult;
  readonly median: number;
  readonly lower: number;
  readonly upper: number;
}

/** A standalone SVG, readable on light and dark backgrounds; empty if nothing was ranked. */
export function plot({ name, pixels, rivals }: LookResult, workload: Workload): string {
  const dots = rivals
    .filter(isMeasured)
    .filter(({ ranked }) => ranked)
    .flatMap((rival): Dot[] => {
      const spread = rival.times[workload]?.spread;
      return spread ? [{ rival, ...spread }] : [];
    })
    .sort((a, b) => a.median - b.median);
  const fastest = dots[0]?.median;
  if (fastest === undefined) return '';
  const max = Math.max(2, ...dots.map(({ upper }) => upper / fastest));
  const x = (milliseconds: number): number =>
    // The lower quartile of the fastest is below 1.
    LEFT + ((WIDTH - LEFT - RIGHT) * Math.max(0, Math.log(milliseconds / fastest))) / Math.log(max);
  const height = TOP + dots.length * LINE_HEIGHT + BOTTOM;
  const title = `${name}, ${pixels} pixels, ${TITLES[workload]}: times the fastest, and milliseconds`;
  const parts = [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${height}" width="${WIDTH}" height="${height}" role="img" font-family="system-ui, sans-serif" font-size="13" fill="#7d8590">`,
    `<title>${escapeXml(title)}</title>`,
    `<text x="8" y="22" font-size="15" font-weight="600">${escapeXml(title)}</text>`,
  ];
  for (const times of axisTicks(max)) {
    const cx = x(times * fastest).toFixed(1);
    parts.push(
      `<line x1="${cx}" x2="${cx}" y1="${TOP - 8}" y2="${height - BOTTOM}" stroke="#7d8590" stroke-opacity="0.35"/>`,
      `<text x="${cx}" y="${height - BOTTOM + 18}" text-anchor="middle">${formatNumber(times)}×</text>`,
    );
  }
  dots.forEach((dot, i) => {
    parts.push(...renderDot(dot, TOP + i * LINE_HEIGHT, x));
  });
  return `${parts.join('\n')}\n</svg>\n`;
}

/** 1, 2, 5, 10 and so on; only powers of ten if the axis is long. */
function axisTicks(max: number): number[] {
  const steps = max > 100 ? [1] : STEPS;
  const ticks: number[] = [];
  for (let power = 1; power <= max; power *= 10) {
    ticks.push(...steps.map(step => step * power).filter(times => times <= max));
  }
  return ticks;
}

function renderDot({ rival, median, lower, upper }: Dot, y: number, x: (value: number) => number) {
  const color = isLimner(rival.name) ? OURS : THEIRS;
  const [from, to, cx] = [x(lower), x(upper), x(median)].map(value => value.toFixed(1));
  const middle = y + 9;
  return [
    `<text x="${LEFT - 12}" y="${y + 13}" text-anchor="end">${escapeXml(rival.label)}</text>`,
    `<line x1="${from}" x2="${to}" y1="${middle}" y2="${middle}" stroke="${color}" stroke-width="2"/>`,
    `<circle cx="${cx}" cy="${middle}" r="5" fill="${color}"/>`,
    `<text x="${(Math.max(x(upper), x(median)) + 10).toFixed(1)}" y="${y + 13}">${formatNumber(median)} ms</text>`,
  ];
}

const escapeXml = (text: string): string =>
  text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
