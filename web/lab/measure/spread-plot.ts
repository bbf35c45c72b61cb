/** The plot of what was measured: a dot for each median, a line from p10 to p90, on a logarithmic axis. */
import { isRanked, type Measurement } from '../../shared/measurement.ts';
import { FONT } from '../plot/axes.ts';
import { FittedCanvas } from '../plot/fitted-canvas.ts';
import { logScale, type Scale } from '../plot/scale.ts';
import { formatNumber } from '../shell/format.ts';
import { themeColor } from '../shell/theme.ts';
import { backendLabel, groupsOf } from './columns.ts';
import { QUOTED } from './quoted.ts';

const LINE = 20;
const TOP = 6;
const BOTTOM = 36;
const VALUE = 52;
const DOT = 4.5;
const COLORS: Readonly<Record<string, string>> = { webgpu: 'accent', webgl2: 'dot', cpu: 'good' };
const QUOTED_TITLE = 'Another MobileNet on another machine, as quoted';

/** A line of the plot: a title, or a dot with its whiskers. */
interface Line {
  readonly label: string;
  readonly median: number | null;
  readonly lower: number;
  readonly upper: number;
  readonly color: string;
  /** Dots are steady, rings are not, diamonds are quoted. */
  readonly mark: 'dot' | 'ring' | 'diamond';
}

const titleLine = (label: string): Line => ({
  ...{ label, median: null, lower: 0, upper: 0, color: 'text', mark: 'dot' },
});

function lineOf(row: Measurement): Line[] {
  const { p10Ms, p50Ms, p90Ms, backend, steady } = row;
  if (!isRanked(row) || p50Ms === null || p10Ms === null || p90Ms === null) return [];
  return [
    {
      label: backendLabel(row),
      ...{ median: p50Ms, lower: p10Ms, upper: p90Ms },
      color: COLORS[backend] ?? 'muted',
      mark: steady ? 'dot' : 'ring',
    },
  ];
}

/** The lines of a plot, from above: each network with its backends, and what is quoted. */
export function linesOf(rows: readonly Measurement[]): readonly Line[] {
  const measured = groupsOf(rows).flatMap(group => {
    const lines = group.rows.flatMap(lineOf);
    return lines.length > 0 ? [titleLine(group.title), ...lines] : [];
  });
  const quoted = QUOTED.map(
    ({ label, ms }): Line => ({
      ...{ label, median: ms, lower: ms, upper: ms },
      color: 'muted',
      mark: 'diamond',
    }),
  );
  return [...measured, titleLine(QUOTED_TITLE), ...quoted];
}

export class SpreadPlot {
  readonly view: FittedCanvas;
  #lines: readonly Line[] = [];

  constructor() {
    this.view = new FittedCanvas('', '', (context, width, height) => this.#draw(context, width, height));
    this.show([]);
  }

  show(rows: readonly Measurement[]): void {
    this.#lines = linesOf(rows);
    const { view } = this;
    view.canvas.style.height = `${TOP + this.#lines.length * LINE + BOTTOM}px`;
    const dots = this.#lines.flatMap(({ label, median }) =>
      median === null ? `${label}:` : `${label} ${formatNumber(median)} ms,`,
    );
    view.label = `Medians in milliseconds. ${dots.join(' ').replace(/,( [^,]*:|$)/g, '.$1')}`;
    view.request();
  }

  #draw(context: CanvasRenderingContext2D, width: number, height: number): void {
    const values = this.#lines.flatMap(({ median, lower, upper }) => (median === null ? [] : [lower, upper]));
    const scale = logScale(Math.min(...values) * 0.8, Math.max(...values) * 1.25);
    context.font = FONT;
    const texts = this.#lines.filter(({ median }) => median !== null);
    const left = Math.max(...texts.map(({ label }) => context.measureText(label).width)) + 20;
    const xOf = (value: number) => left + scale.at(value) * (width - left - VALUE);
    drawTicks(context, scale, xOf, height);
    context.textBaseline = 'middle';
    for (const [index, line] of this.#lines.entries())
      drawLine(context, line, TOP + (index + 0.5) * LINE, xOf, left);
  }
}

function drawTicks(
  context: CanvasRenderingContext2D,
  scale: Scale,
  xOf: (value: number) => number,
  height: number,
): void {
  context.strokeStyle = themeColor('grid');
  context.fillStyle = themeColor('muted');
  context.textAlign = 'center';
  context.textBaseline = 'top';
  for (const tick of scale.ticks) {
    const x = Math.round(xOf(tick)) + 0.5;
    context.beginPath();
    context.moveTo(x, TOP);
    context.lineTo(x, height - BOTTOM);
    context.stroke();
    context.fillText(formatNumber(tick), x, height - BOTTOM + 4);
  }
  context.textAlign = 'right';
  context.fillText('milliseconds', xOf(scale.most), height - 14);
}

function drawLine(
  context: CanvasRenderingContext2D,
  { label, median, lower, upper, color, mark }: Line,
  y: number,
  xOf: (value: number) => number,
  left: number,
): void {
  context.textAlign = 'left';
  context.fillStyle = themeColor(median === null ? 'text' : 'muted');
  context.fillText(label, median === null ? 0 : 10, y);
  if (median === null) return;
  context.strokeStyle = context.fillStyle = themeColor(color);
  context.lineWidth = 2;
  context.beginPath();
  context.moveTo(xOf(lower), y);
  context.lineTo(xOf(upper), y);
  context.stroke();
  const x = Math.max(left, xOf(median));
  context.beginPath();
  if (mark === 'diamond') {
    for (const [dx, dy] of [
      [DOT, 0],
      [0, DOT],
      [-DOT, 0],
      [0, -DOT],
    ] as const)
      context.lineTo(x + dx, y + dy);
    context.closePath();
  } else context.arc(x, y, DOT, 0, 2 * Math.PI);
  if (mark !== 'dot') context.fillStyle = themeColor('surface');
  context.fill();
  context.stroke();
  context.fillStyle = themeColor('text');
  context.fillText(formatNumber(median), Math.max(x, xOf(upper)) + 9, y);
}
