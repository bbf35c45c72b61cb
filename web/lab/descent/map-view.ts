/** The map: the surface, and the trails of those who race on it. The start can be dragged, or moved by arrow keys. */
import { makeElement } from '../../shared/dom.ts';
import { FittedCanvas } from '../plot/fitted-canvas.ts';
import { formatNumber } from '../shell/format.ts';
import { currentTheme, themeColor } from '../shell/theme.ts';
import { drawBands, makeLevels, sampleGrid, traceContours } from './contours.ts';
import type { Path } from './path.ts';
import type { Racer } from './racers.ts';
import type { Point, Surface, SurfaceRun } from './surface.ts';

export interface Trail {
  readonly racer: Racer;
  readonly path: Path;
}

export interface MapContent {
  /** Null while it is not known. */
  readonly surface: Surface | null;
  readonly start: Point;
  readonly trails: readonly Trail[];
  /** The step up to which trails are drawn in full. */
  readonly step: number;
}

/** What depends on the surface, the size and the theme alone. */
interface Ground {
  readonly key: readonly unknown[];
  readonly bands: HTMLCanvasElement;
  readonly contours: Path2D;
  readonly columns: number;
  readonly rows: number;
}

const FAINT = 0.28;
const KEY_STEPS = 60;

export const colorOf = ({ colors: [dark, light] }: Racer): string =>
  currentTheme() === 'dark' ? dark : light;

export class MapView {
  readonly element = makeElement('div', 'map');
  readonly #view: FittedCanvas;
  /** A handle that has the focus, for the keyboard and for screen readers. */
  readonly #handle = makeElement('button', 'start');
  #ground: Ground | null = null;

  constructor(
    readonly content: () => MapContent,
    readonly onStart: (start: Point) => void,
  ) {
    this.#view = new FittedCanvas(
      'map-canvas',
      'The loss surface, with the paths',
      (context, width, height) => this.#draw(context, width, height),
    );
    this.#handle.type = 'button';
    this.#handle.setAttribute('aria-roledescription', 'place on the map');
    this.element.append(this.#view.canvas, this.#handle);
    this.#bind();
  }

  request(): void {
    this.#view.request();
  }

  #bind(): void {
    const { canvas } = this.#view;
    const handle = this.#handle;
    const move = (event: PointerEvent) => {
      const box = canvas.getBoundingClientRect();
      this.#moveTo((event.clientX - box.left) / box.width, (event.clientY - box.top) / box.height);
    };
    for (const target of [canvas, handle] as HTMLElement[]) {
      target.addEventListener('pointerdown', event => {
        target.setPointerCapture(event.pointerId);
        if (target === canvas) move(event);
      });
      target.addEventListener('pointermove', event => {
        if (target.hasPointerCapture(event.pointerId)) move(event);
      });
    }
    handle.addEventListener('keydown', event => {
      const [x = 0, y = 0] =
        { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, 1], ArrowDown: [0, -1] }[event.key] ?? [];
      if (x === 0 && y === 0) return;
      event.preventDefault();
      const { surface, start } = this.content();
      if (!surface) return;
      const [across, up] = surface.view.map(([least, most]) => (most - least) / KEY_STEPS);
      this.#set(surface, [start[0] + x * (across ?? 0), start[1] + y * (up ?? 0)]);
    });
  }

  #moveTo(x: number, y: number): void {
    const { surface } = this.content();
    if (!surface) return;
    const [[left, right], [bottom, top]] = surface.view;
    this.#set(surface, [left + x * (right - left), top + y * (bottom - top)]);
  }

  #set({ view: [across, up] }: Surface, [x, y]: Point): void {
    const within = (value: number, [least, most]: Point) =>
      Number(Math.min(most, Math.max(least, value)).toPrecision(3));
    this.onStart([within(x, across), within(y, up)]);
  }

  #draw(context: CanvasRenderingContext2D, width: number, height: number): void {
    const { surface, start, trails, step } = this.content();
    this.#handle.hidden = !surface;
    if (!surface) return;
    const [[left, right], [bottom, top]] = surface.view;
    const xOf = (x: number) => ((x - left) / (right - left)) * width;
    const yOf = (y: number) => ((y - top) / (bottom - top)) * height;
    this.#drawGround(context, surface, width, height);
    for (const [x, y] of surface.minima) drawMinimum(context, xOf(x), yOf(y));
    for (const run of surface.runs ?? []) drawRun(context, run, xOf, yOf);
    for (const trail of trails) drawTrail(context, trail, xOf, yOf, step);
    for (const trail of trails) drawHead(context, trail, xOf, yOf, step);
    for (const run of surface.runs ?? []) drawRunEnd(context, run, xOf, yOf);
    this.#handle.style.left = `${xOf(start[0])}px`;
    this.#handle.style.top = `${yOf(start[1])}px`;
    this.#handle.setAttribute(
      'aria-label',
      `Start: ${start.map(formatNumber).join(', ')}. Arrow keys move it.`,
    );
  }

  #drawGround(context: CanvasRenderingContext2D, surface: Surface, width: number, height: number): void {
    const ratio = Math.round((20 * width) / height) / 20;
    const key = [surface, ratio, currentTheme()];
    if (!this.#ground || key.some((one, i) => one !== this.#ground?.key[i])) {
      const grid = sampleGrid(surface, ratio);
      const level = makeLevels(grid);
      const bands = drawBands(grid, level, themeColor('low'), themeColor('high'));
      this.#ground = { key, bands, contours: traceContours(grid, level), ...grid };
    }
    const { bands, contours, columns, rows } = this.#ground;
    context.imageSmoothingQuality = 'high';
    context.drawImage(bands, 0.5, 0.5, columns, rows, 0, 0, width, height);
    context.save();
    context.scale(width / columns, height / rows);
    context.strokeStyle = themeColor('contour');
    context.lineWidth = columns / width;
    context.stroke(contours);
    context.restore();
  }
}

function drawMinimum(context: CanvasRenderingContext2D, x: number, y: number): void {
  context.strokeStyle = themeColor('text');
  context.lineWidth = 1.5;
  context.beginPath();
  context.moveTo(x - 5, y);
  context.lineTo(x + 5, y);
  context.moveTo(x, y - 5);
  context.lineTo(x, y + 5);
  context.stroke();
}

type Place = (value: number) => number;

function drawTrail(
  context: CanvasRenderingContext2D,
  { racer, path }: Trail,
  xOf: Place,
  yOf: Place,
  step: number,
): void {
  context.strokeStyle = colorOf(racer);
  context.lineWidth = 2.25;
  context.lineJoin = 'round';
  context.setLineDash([...racer.dash]);
  const last = path.losses.length - 1;
  for (const [until, alpha] of [
    [last, FAINT],
    [step, 1],
  ] as const) {
    context.globalAlpha = alpha;
    trace(context, path, xOf, yOf, until);
  }
  context.globalAlpha = 1;
  context.setLineDash([]);
}

function drawRun(context: CanvasRenderingContext2D, { points }: SurfaceRun, xOf: Place, yOf: Place): void {
  const [ink, paper] = [themeColor('text'), themeColor('surface')];
  context.beginPath();
  for (let i = 0; i < points.length; i += 2) context.lineTo(xOf(points[i] ?? 0), yOf(points[i + 1] ?? 0));
  context.lineCap = 'round';
  context.setLineDash([0.1, 5]);
  for (const [color, width] of [
    [paper, 5],
    [ink, 2.75],
  ] as const) {
    context.strokeStyle = color;
    context.lineWidth = width;
    context.stroke();
  }
  context.setLineDash([]);
  context.lineCap = 'butt';
}

/** A square at the end of a run, and the run's name below it. */
function drawRunEnd(
  context: CanvasRenderingContext2D,
  { label, points }: SurfaceRun,
  xOf: Place,
  yOf: Place,
): void {
  const [ink, paper] = [themeColor('text'), themeColor('surface')];
  const [x, y] = [xOf(points.at(-2) ?? 0), yOf(points.at(-1) ?? 0)];
  context.fillStyle = ink;
  context.strokeStyle = paper;
  context.lineWidth = 3;
  context.lineJoin = 'round';
  context.strokeRect(x - 4, y - 4, 8, 8);
  context.fillRect(x - 4, y - 4, 8, 8);
  context.font = '600 0.8rem system-ui, sans-serif';
  context.textAlign = 'center';
  context.strokeText(label, x, y + 20);
  context.fillText(label, x, y + 20);
}

/** What diverged leaves the map: canvases take no numbers that are too large. */
const FAR = 1e5;

function trace(
  context: CanvasRenderingContext2D,
  { points }: Path,
  xOf: Place,
  yOf: Place,
  until: number,
): void {
  context.beginPath();
  for (let i = 0; i <= until; i++) {
    const [x, y] = [xOf(points[2 * i] ?? 0), yOf(points[2 * i + 1] ?? 0)];
    if (!(Math.abs(x) < FAR && Math.abs(y) < FAR)) break;
    if (i === 0) context.moveTo(x, y);
    else context.lineTo(x, y);
  }
  context.stroke();
}

function drawHead(
  context: CanvasRenderingContext2D,
  { racer, path }: Trail,
  xOf: Place,
  yOf: Place,
  step: number,
): void {
  const [x, y] = [xOf(path.points[2 * step] ?? 0), yOf(path.points[2 * step + 1] ?? 0)];
  if (!(Math.abs(x) < FAR && Math.abs(y) < FAR)) return;
  context.beginPath();
  context.arc(x, y, 5, 0, 2 * Math.PI);
  context.fillStyle = colorOf(racer);
  context.fill();
  context.lineWidth = 1.5;
  context.strokeStyle = themeColor('surface');
  context.stroke();
}
