// Results as a drawing: a bar for each engine, on a scale of powers of ten, since rivals lie that far apart.

import { type LookResult, type Ran, ran } from './results.ts';
import { isOurs } from './rivals/index.ts';
import type { Work } from './stage.ts';
import { digits } from './words.ts';

const WIDTH = 860;
const LEFT = 300;
const RIGHT = 90;
const LINE = 22;
const TOP = 46;
const BOTTOM = 34;
const OURS = '#c8922e';
const THEIRS = '#8a8f98';

const TITLES = {
  model: 'the network alone',
  camera: 'camera to canvas',
} as const satisfies Record<Work, string>;

interface Bar {
  readonly rival: Ran;
  readonly median: number;
  readonly lower: number;
  readonly upper: number;
}

/** SVG of its own, readable on light and dark grounds; empty where nothing was ranked. */
export function plot({ name, pixels, rivals }: LookResult, work: Work): string {
  const bars = rivals
    .filter(ran)
    .filter(({ ranked }) => ranked)
    .flatMap((rival): Bar[] => {
      const spread = rival.times[work]?.spread;
      return spread ? [{ rival, ...spread }] : [];
    })
    .sort((a, b) => a.median - b.median);
  if (bars.length === 0) return '';
  const least = 10 ** Math.floor(Math.log10(Math.min(...bars.map(({ lower }) => lower))));
  const most = 10 ** Math.ceil(Math.log10(Math.max(...bars.map(({ upper }) => upper)) * 1.01));
  const x = (value: number): number =>
    LEFT + ((WIDTH - LEFT - RIGHT) * Math.log(value / least)) / Math.log(most / least);
  const height = TOP + bars.length * LINE + BOTTOM;
  const title = `${name}, ${pixels} pixels, ${TITLES[work]}: milliseconds a frame`;
  const parts = [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${height}" width="${WIDTH}" height="${height}" role="img" font-family="system-ui, sans-serif" font-size="13" fill="#7d8590">`,
    `<title>${escaped(title)}</title>`,
    `<text x="8" y="22" font-size="15" font-weight="600">${escaped(title)}</text>`,
  ];
  for (let power = least; power <= most * 1.01; power *= 10) {
    const at = x(power).toFixed(1);
    parts.push(
      `<line x1="${at}" x2="${at}" y1="${TOP - 8}" y2="${height - BOTTOM}" stroke="#7d8590" stroke-opacity="0.35"/>`,
      `<text x="${at}" y="${height - BOTTOM + 18}" text-anchor="middle">${digits(power)}</text>`,
    );
  }
  bars.forEach((bar, i) => {
    parts.push(...drawn(bar, TOP + i * LINE, x, least));
  });
  return `${parts.join('\n')}\n</svg>\n`;
}

function drawn({ rival, median, lower, upper }: Bar, y: number, x: (value: number) => number, least: number) {
  const colour = isOurs(rival.name) ? OURS : THEIRS;
  const [from, to, end] = [x(least), x(lower), x(upper)].map(value => value.toFixed(1));
  const middle = (y + 9).toFixed(1);
  const width = (x(median) - x(least)).toFixed(1);
  return [
    `<text x="${LEFT - 8}" y="${y + 13}" text-anchor="end">${escaped(rival.label)}</text>`,
    `<rect x="${from}" y="${y}" width="${width}" height="${LINE - 5}" fill="${colour}"/>`,
    `<line x1="${to}" x2="${end}" y1="${middle}" y2="${middle}" stroke="#444c56" stroke-width="2"/>`,
    `<text x="${(x(upper) + 6).toFixed(1)}" y="${y + 13}">${digits(median)}</text>`,
  ];
}

const escaped = (text: string): string =>
  text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
