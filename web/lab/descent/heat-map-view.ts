/** The heat map of steps to converge, with theory's border over it. A click takes its rate and momentum. */
import { getContext2d } from '../../shared/canvas.ts';
import { makeElement } from '../../shared/dom.ts';
import { type Axes, drawAxes, type Frame, frameOf, placeX, placeY } from '../plot/axes.ts';
import { FittedCanvas } from '../plot/fitted-canvas.ts';
import { linearScale, logScale } from '../plot/scale.ts';
import { roundTo } from '../shell/format.ts';
import { currentTheme, themeColor } from '../shell/theme.ts';
import { parseHex } from './contours.ts';
import {
  DIVERGED,
  type HeatMapOptions,
  heatMapRow,
  MAX_STEPS,
  momentaOf,
  NOT_YET,
  ratesAround,
} from './heat-map.ts';
import type { Surface } from './surface.ts';
import { fastest, stableRate } from './theory.ts';

const [COLUMNS, ROWS] = [56, 40];
/** Of the main thread, in one go. */
const SLICE_MS = 6;

/** Steps that are the brightest. */
const FAST = 12;

/** Few steps are bright. The colours are those of "cividis" (Nunez et al. 2018), which all eyes order in the same way. */
const CIVIDIS = [
  '#fee838',
  '#e1cc55',
  '#c3b369',
  '#a69d75',
  '#8a8779',
  '#707173',
  '#575d6d',
  '#3b496c',
  '#123570',
];

export interface HeatMapContent extends Omit<HeatMapOptions, 'rates' | 'momenta'> {
  /** Where the sliders are. */
  readonly rate: number;
  readonly momentum: number;
}

export class HeatMapView {
  readonly view: FittedCanvas;
  #rows: (Int16Array | null)[] = [];
  #key: readonly unknown[] = [];
  #rates: Float64Array = new Float64Array();
  readonly #momenta = momentaOf(ROWS);
  #timer = 0;

  constructor(
    /** Null while the surface is not known. */
    readonly content: () => HeatMapContent | null,
    onChosen: (rate: number, momentum: number) => void,
  ) {
    this.view = new FittedCanvas(
      'plot heat-map',
      'Steps to converge, by learning rate and momentum',
      (context, width, height) => this.#draw(context, width, height),
    );
    const { canvas } = this.view;
    canvas.addEventListener('pointerdown', event => {
      const box = canvas.getBoundingClientRect();
      if (this.#rates.length === 0) return;
      const frame = frameOf(box.width, box.height);
      const { x, y } = this.#axes();
      const [across, up] = [
        (event.clientX - box.left - frame.left) / frame.width,
        1 - (event.clientY - box.top - frame.top) / frame.height,
      ];
      if (across < 0 || across > 1 || up < 0 || up > 1) return;
      onChosen(roundTo(x.value(across), 3), roundTo(Math.min(0.99, y.value(up)), 2));
    });
  }

  /** Computes it anew if what it depends on has changed. */
  update(): void {
    const content = this.content();
    this.view.request();
    if (!content) {
      this.#forget();
      return;
    }
    const { surface, start, form } = content;
    const key = [surface, start[0], start[1], form];
    if (key.every((one, i) => one === this.#key[i])) return;
    this.#key = key;
    this.#rates = ratesAround(surface.stable, COLUMNS);
    this.#rows = new Array(ROWS).fill(null);
    window.clearTimeout(this.#timer);
    this.#timer = window.setTimeout(() => this.#compute(0));
  }

  #forget(): void {
    window.clearTimeout(this.#timer);
    this.#key = [];
    this.#rates = new Float64Array();
  }

  /** Rows, as many as the slice has time for; every fourth first, so that the whole is soon seen. */
  #compute(done: number): void {
    const content = this.content();
    if (!content) return;
    const { surface, start, form } = content;
    const options = { surface, start, form, rates: this.#rates, momenta: this.#momenta };
    const end = performance.now() + SLICE_MS;
    let next = done;
    while (next < ROWS && performance.now() < end) {
      const row = Math.floor(next / (ROWS / 4)) + 4 * (next % (ROWS / 4));
      this.#rows[row] = heatMapRow(options, this.#momenta[row] ?? 0);
      next++;
    }
    this.view.request();
    if (next < ROWS) this.#timer = window.setTimeout(() => this.#compute(next));
  }

  #axes(): Axes {
    const half = Math.sqrt((this.#rates[1] ?? 1) / (this.#rates[0] ?? 1));
    return {
      x: logScale((this.#rates[0] ?? 0.1) / half, (this.#rates.at(-1) ?? 1) * half, 4),
      y: linearScale(0, 1, 5),
      xName: 'learning rate',
      yName: 'momentum',
    };
  }

  #draw(context: CanvasRenderingContext2D, width: number, height: number): void {
    const content = this.content();
    if (this.#rates.length === 0 || !content) return;
    const frame = frameOf(width, height);
    const axes = this.#axes();
    const picture = drawCells(this.#rows);
    context.imageSmoothingEnabled = false;
    context.drawImage(picture, frame.left, frame.top, frame.width, frame.height);
    drawAxes(context, frame, axes);
    const { surface, form, rate, momentum } = content;
    if (surface.curvature)
      drawTheory(context, frame, axes, { ...surface, curvature: surface.curvature }, form);
    drawChoice(context, placeX(frame, axes, rate), placeY(frame, axes, momentum), frame);
  }
}

/** One pixel a cell; low momenta are at the bottom. */
function drawCells(rows: readonly (Int16Array | null)[]): HTMLCanvasElement {
  const canvas = makeElement('canvas');
  canvas.width = COLUMNS;
  canvas.height = ROWS;
  const context = getContext2d(canvas);
  const image = context.createImageData(COLUMNS, ROWS);
  rows.forEach((cells, row) => {
    cells?.forEach((steps, column) => {
      const at = 4 * ((ROWS - 1 - row) * COLUMNS + column);
      image.data.set([...cellColor(steps), 255], at);
    });
  });
  context.putImageData(image, 0, 0);
  return canvas;
}

function cellColor(steps: number): readonly [number, number, number] {
  const isDark = currentTheme() === 'dark';
  if (steps === DIVERGED) return isDark ? [74, 30, 26] : [214, 150, 138];
  if (steps === NOT_YET) return isDark ? [22, 26, 38] : [16, 30, 66];
  const part = Math.log(steps / FAST) / Math.log(MAX_STEPS / FAST);
  const place = Math.max(0, part) * (CIVIDIS.length - 1);
  const below = Math.min(CIVIDIS.length - 2, Math.floor(place));
  const [from, to] = [parseHex(CIVIDIS[below] ?? ''), parseHex(CIVIDIS[below + 1] ?? '')];
  const mix = (i: 0 | 1 | 2) => from[i] + (to[i] - from[i]) * (place - below);
  return [mix(0), mix(1), mix(2)];
}

function drawTheory(
  context: CanvasRenderingContext2D,
  frame: Frame,
  axes: Axes,
  { curvature }: Required<Pick<Surface, 'curvature'>>,
  form: HeatMapOptions['form'],
): void {
  const border = new Path2D();
  for (let i = 0; i <= 50; i++) {
    const momentum = i / 50;
    const x = placeX(frame, axes, stableRate(curvature, momentum, form));
    const y = placeY(frame, axes, momentum);
    if (i === 0) border.moveTo(x, y);
    else border.lineTo(x, y);
  }
  for (const [color, width] of [
    ['#0009', 4.5],
    ['#fff', 2],
  ] as const) {
    context.strokeStyle = color;
    context.lineWidth = width;
    context.stroke(border);
  }
  if (form === 'nesterov') return;
  const best = fastest(curvature);
  drawRing(context, placeX(frame, axes, best.rate), placeY(frame, axes, best.momentum), 7);
}

function drawRing(context: CanvasRenderingContext2D, x: number, y: number, radius: number): void {
  for (const [color, width] of [
    ['#000a', 4],
    ['#fff', 2],
  ] as const) {
    context.strokeStyle = color;
    context.lineWidth = width;
    context.beginPath();
    context.arc(x, y, radius, 0, 2 * Math.PI);
    context.stroke();
  }
}

/** Where the sliders are: a cross of hair. */
function drawChoice(
  context: CanvasRenderingContext2D,
  x: number,
  y: number,
  { left, top, width, height }: Frame,
): void {
  if (x < left || x > left + width || y < top || y > top + height) return;
  context.strokeStyle = themeColor('text');
  context.lineWidth = 1;
  context.setLineDash([3, 3]);
  context.beginPath();
  context.moveTo(x, top);
  context.lineTo(x, top + height);
  context.moveTo(left, y);
  context.lineTo(left + width, y);
  context.stroke();
  context.setLineDash([]);
  context.fillStyle = '#fff';
  context.strokeStyle = '#000';
  context.beginPath();
  context.arc(x, y, 4, 0, 2 * Math.PI);
  context.fill();
  context.stroke();
}
