/** A plot of curves by step, such as losses: logarithmic upwards, since losses fall by factors. */

import { makeCard } from '../shell/bench.ts';
import type { About } from '../shell/explain.ts';
import { type Axes, clipTo, drawAxes, frameOf, placeX, placeY } from './axes.ts';
import { FittedCanvas } from './fitted-canvas.ts';
import { linearScale, logScale } from './scale.ts';

export interface Curve {
  /** By step, or at the places of `steps`. */
  readonly values: ArrayLike<number>;
  readonly steps?: ArrayLike<number>;
  readonly color: string;
  readonly dash?: readonly number[];
  readonly width?: number;
  readonly opacity?: number;
}

export interface CurvePlotContent {
  readonly curves: readonly Curve[];
  /** The step up to which curves are drawn in full; beyond it they are faint. */
  readonly until?: number;
  /** The last step of the axis, at least. */
  readonly steps: number;
  readonly xName: string;
  readonly yName: string;
  /** The least value of the axis. Default: the least of the curves. */
  readonly least?: number;
  /** Upwards in equal steps, not in factors. */
  readonly isLinear?: boolean;
}

/** Values beyond these are not shown. */
const [LEAST, MOST] = [1e-12, 1e12];
const FAINT = 0.22;

export class CurvePlot {
  readonly view: FittedCanvas;
  readonly card: HTMLElement;

  constructor(
    title: string,
    about: About,
    readonly content: () => CurvePlotContent,
  ) {
    this.view = new FittedCanvas('plot', title, (context, width, height) =>
      drawCurves(context, width, height, this.content()),
    );
    this.card = makeCard(title, about, this.view.canvas);
  }
}

const isShown = (value: number): boolean => value >= LEAST && value <= MOST;

/** The ends of the axis of values, as powers of ten or near them. */
export function rangeOf(curves: readonly Curve[], least = MOST): readonly [number, number] {
  let [low, high] = [least, 0];
  for (const { values } of curves) {
    for (let i = 0; i < values.length; i++) {
      const value = values[i] ?? 0;
      if (!isShown(value)) continue;
      if (value < low) low = value;
      if (value > high) high = value;
    }
  }
  if (high === 0) return [0.01, 1];
  return [low * 0.8, Math.max(high, low * 2) * 1.25];
}

function drawCurves(
  context: CanvasRenderingContext2D,
  width: number,
  height: number,
  { curves, until = Infinity, steps, xName, yName, least, isLinear = false }: CurvePlotContent,
): void {
  const frame = frameOf(width, height);
  const [low, high] = rangeOf(curves, least);
  const axes: Axes = {
    x: linearScale(0, Math.max(1, steps), 5),
    y: isLinear ? linearScale(Math.floor(low), Math.ceil(high)) : logScale(low, high),
    xName,
    yName,
  };
  drawAxes(context, frame, axes);
  clipTo(context, frame);
  for (const curve of curves) {
    context.strokeStyle = curve.color;
    context.lineWidth = curve.width ?? 2;
    context.lineJoin = 'round';
    context.setLineDash([...(curve.dash ?? [])]);
    if (Number.isFinite(until)) {
      context.globalAlpha = FAINT;
      tracePath(
        context,
        curve,
        step => placeX(frame, axes, step),
        value => placeY(frame, axes, value),
        Infinity,
      );
    }
    context.globalAlpha = curve.opacity ?? 1;
    tracePath(
      context,
      curve,
      step => placeX(frame, axes, step),
      value => placeY(frame, axes, value),
      until,
    );
  }
  context.globalAlpha = 1;
}

/** One point a pixel, at most: the mean of the values there. */
function tracePath(
  context: CanvasRenderingContext2D,
  { values, steps }: Curve,
  xOf: (step: number) => number,
  yOf: (value: number) => number,
  until: number,
): void {
  context.beginPath();
  let isDown = false;
  let i = 0;
  while (i < values.length) {
    const x = xOf(steps?.[i] ?? i);
    const pixel = Math.floor(x);
    let [sum, count] = [0, 0];
    for (; i < values.length && Math.floor(xOf(steps?.[i] ?? i)) === pixel; i++) {
      if ((steps?.[i] ?? i) > until) {
        i = values.length;
        break;
      }
      sum += values[i] ?? 0;
      count++;
    }
    if (count === 0) continue;
    const value = sum / count;
    if (!(value <= MOST)) {
      isDown = false;
      continue;
    }
    const y = yOf(Math.max(value, LEAST));
    if (isDown) context.lineTo(x, y);
    else context.moveTo(x, y);
    isDown = true;
  }
  context.stroke();
}
