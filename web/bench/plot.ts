// Results as a drawing: a dot for each engine with its quartiles, on a scale of how many times as long it takes
// as the fastest. Rivals lie powers of ten apart, so the scale is of powers; it begins at one, and lengths on it
// say nothing, so there are no bars.

import { digits } from './format.ts';
import { type LookResult, type Ran, ran } from './results.ts';
import { isOurs } from './rivals/index.ts';
import type { Work } from './sandbox.ts';

const WIDTH = 860;
const LEFT = 300;
const RIGHT = 90;
const LINE = 22;
const TOP = 46;
const BOTTOM = 34;
const OURS = '#c8922e';
const THEIRS = '#8a8f98';
const STEPS = [1, 2, 5];

const TITLES = {
  model: 'the network alone',
  camera: 'camera to canvas',
} as const satisfies Record<Work, string>;

interface Dot {
  readonly rival: Ran;
  readonly median: number;
  readonly lower: number;
  readonly upper: number;
}

/** SVG of its own, readable on light and dark grounds; empty where nothing was ranked. */
export function plot({ name, pixels, rivals }: LookResult, work: Work): string {
  const dots = rivals
    .filter(ran)
    .filter(({ ranked }) => ranked)
    .flatMap((rival): Dot[] => {
      const spread = rival.times[work]?.spread;
      return spread ? [{ rival, ...spread }] : [];
    })
    .sort((a, b) => a.median - b.median);
  const fastest = dots[0]?.median;
  if (fastest === undefined) return '';
  const most = Math.max(2, ...dots.map(({ upper }) => upper / fastest));
  const x = (milliseconds: number): number =>
    // A quartile of the fastest lies before one.
    LEFT + ((WIDTH - LEFT - RIGHT) * Math.max(0, Math.log(milliseconds / fastest))) / Math.log(most);
  const height = TOP + dots.length * LINE + BOTTOM;
  const title = `${name}, ${pixels} pixels, ${TITLES[work]}: times the fastest, and milliseconds`;
  const parts = [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${height}" width="${WIDTH}" height="${height}" role="img" font-family="system-ui, sans-serif" font-size="13" fill="#7d8590">`,
    `<title>${escaped(title)}</title>`,
    `<text x="8" y="22" font-size="15" font-weight="600">${escaped(title)}</text>`,
  ];
  for (const times of marks(most)) {
    const at = x(times * fastest).toFixed(1);
    parts.push(
      `<line x1="${at}" x2="${at}" y1="${TOP - 8}" y2="${height - BOTTOM}" stroke="#7d8590" stroke-opacity="0.35"/>`,
      `<text x="${at}" y="${height - BOTTOM + 18}" text-anchor="middle">${digits(times)}×</text>`,
    );
  }
  dots.forEach((dot, i) => {
    parts.push(...drawn(dot, TOP + i * LINE, x));
  });
  return `${parts.join('\n')}\n</svg>\n`;
}

/** 1, 2, 5, 10 and so on; without 2 and 5 where that would be crowded. */
function marks(most: number): number[] {
  const steps = most > 100 ? [1] : STEPS;
  const found: number[] = [];
  for (let power = 1; power <= most; power *= 10) {
    found.push(...steps.map(step => step * power).filter(times => times <= most));
  }
  return found;
}

function drawn({ rival, median, lower, upper }: Dot, y: number, x: (value: number) => number) {
  const colour = isOurs(rival.name) ? OURS : THEIRS;
  const [from, to, at] = [x(lower), x(upper), x(median)].map(value => value.toFixed(1));
  const middle = y + 9;
  return [
    `<text x="${LEFT - 12}" y="${y + 13}" text-anchor="end">${escaped(rival.label)}</text>`,
    `<line x1="${from}" x2="${to}" y1="${middle}" y2="${middle}" stroke="${colour}" stroke-width="2"/>`,
    `<circle cx="${at}" cy="${middle}" r="5" fill="${colour}"/>`,
    `<text x="${(Math.max(x(upper), x(median)) + 10).toFixed(1)}" y="${y + 13}">${digits(median)} ms</text>`,
  ];
}

const escaped = (text: string): string =>
  text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
