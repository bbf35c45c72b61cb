/** The frame of a plot: grid, ticks and names of the axes. */
import { formatNumber } from '../shell/format.ts';
import { themeColor } from '../shell/theme.ts';
import type { Scale } from './scale.ts';

export interface Frame {
  readonly left: number;
  readonly top: number;
  readonly width: number;
  readonly height: number;
}

export interface Axes {
  readonly x: Scale;
  readonly y: Scale;
  readonly xName: string;
  readonly yName: string;
}

const MARGIN = { left: 46, top: 20, right: 10, bottom: 34 } as const;
export const FONT = '11px system-ui, sans-serif';

export const frameOf = (width: number, height: number): Frame => ({
  left: MARGIN.left,
  top: MARGIN.top,
  width: Math.max(1, width - MARGIN.left - MARGIN.right),
  height: Math.max(1, height - MARGIN.top - MARGIN.bottom),
});

/** Where a value is on the canvas. */
export const placeX = ({ left, width }: Frame, { x }: Axes, value: number): number =>
  left + x.at(value) * width;
export const placeY = ({ top, height }: Frame, { y }: Axes, value: number): number =>
  top + (1 - y.at(value)) * height;

/** Powers of ten as such: they are read at a glance. */
function tickText(value: number, isLog: boolean): string {
  const power = Math.log10(value);
  const isPower = isLog && Math.abs(power - Math.round(power)) < 1e-9 && Math.abs(power) > 2;
  return isPower ? `10${superscript(Math.round(power))}` : formatNumber(value);
}

const superscript = (power: number): string =>
  String(power).replace(/[-\d]/g, digit => '⁻⁰¹²³⁴⁵⁶⁷⁸⁹'['-0123456789'.indexOf(digit)] ?? '');

export function drawAxes(context: CanvasRenderingContext2D, frame: Frame, axes: Axes): void {
  const { left, top, width, height } = frame;
  context.font = FONT;
  context.lineWidth = 1;
  context.strokeStyle = themeColor('grid');
  context.fillStyle = themeColor('muted');
  context.textAlign = 'center';
  context.textBaseline = 'top';
  for (const tick of axes.x.ticks) {
    const x = Math.round(placeX(frame, axes, tick)) + 0.5;
    line(context, x, top, x, top + height);
    context.fillText(tickText(tick, axes.x.isLog), x, top + height + 5);
  }
  context.textAlign = 'right';
  context.textBaseline = 'middle';
  for (const tick of axes.y.ticks) {
    const y = Math.round(placeY(frame, axes, tick)) + 0.5;
    line(context, left, y, left + width, y);
    context.fillText(tickText(tick, axes.y.isLog), left - 6, y);
  }
  context.textAlign = 'right';
  context.textBaseline = 'bottom';
  context.fillText(axes.xName, left + width, top + height + 33);
  context.textAlign = 'left';
  context.textBaseline = 'top';
  context.fillText(axes.yName, 2, 1);
}

function line(context: CanvasRenderingContext2D, x: number, y: number, toX: number, toY: number): void {
  context.beginPath();
  context.moveTo(x, y);
  context.lineTo(toX, toY);
  context.stroke();
}

/** What is drawn next stays within the frame. */
export function clipTo(context: CanvasRenderingContext2D, { left, top, width, height }: Frame): void {
  context.beginPath();
  context.rect(left, top, width, height);
  context.clip();
}
