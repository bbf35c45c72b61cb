/** The examples as dots, and the curve that the network makes of them now. */
import { fromUnit, type PairTable, type Range, rangeOf } from '../data/table.ts';
import { type Axes, clipTo, drawAxes, frameOf, placeX, placeY } from '../plot/axes.ts';
import { FittedCanvas } from '../plot/fitted-canvas.ts';
import { linearScale } from '../plot/scale.ts';
import { themeColor } from '../shell/theme.ts';

export interface FittedCurve {
  /** The network's answers, brought to 0..1, at equal steps from the least x to the most. */
  readonly values: Float64Array;
  readonly dash: readonly number[];
  readonly opacity: number;
}

export interface ScatterContent {
  readonly table: PairTable;
  readonly curves: readonly FittedCurve[];
  /** Examples of the step that is shown in slow motion. */
  readonly chosen: ArrayLike<number>;
}

export class ScatterView {
  readonly view: FittedCanvas;

  constructor(
    readonly content: () => ScatterContent,
    onPoint: (x: number, y: number) => void,
  ) {
    this.view = new FittedCanvas(
      'plot scatter',
      'The examples, and the curve of the network',
      (context, width, height) => drawScatter(context, width, height, this.content()),
    );
    const { canvas } = this.view;
    canvas.addEventListener('click', event => {
      const box = canvas.getBoundingClientRect();
      const frame = frameOf(box.width, box.height);
      const { x, y } = axesOf(this.content().table);
      const across = (event.clientX - box.left - frame.left) / frame.width;
      const up = 1 - (event.clientY - box.top - frame.top) / frame.height;
      if (across >= 0 && across <= 1 && up >= 0 && up <= 1) onPoint(x.value(across), y.value(up));
    });
  }
}

const widened = ({ least, most }: Range): [number, number] => {
  const edge = (most - least) * 0.05;
  return [least - edge, most + edge];
};

const axesOf = ({ x, y, xName, yName }: PairTable): Axes => ({
  x: linearScale(...widened(rangeOf(x))),
  y: linearScale(...widened(rangeOf(y))),
  xName,
  yName,
});

function drawScatter(
  context: CanvasRenderingContext2D,
  width: number,
  height: number,
  { table, curves, chosen }: ScatterContent,
): void {
  const frame = frameOf(width, height);
  const axes = axesOf(table);
  drawAxes(context, frame, axes);
  clipTo(context, frame);
  const dot = (i: number, radius: number) => {
    context.beginPath();
    context.arc(
      placeX(frame, axes, table.x[i] ?? 0),
      placeY(frame, axes, table.y[i] ?? 0),
      radius,
      0,
      2 * Math.PI,
    );
    context.fill();
  };
  context.fillStyle = themeColor('dot');
  context.globalAlpha = 0.5;
  for (let i = 0; i < table.x.length; i++) dot(i, 3);
  context.globalAlpha = 1;
  context.fillStyle = themeColor('text');
  for (let i = 0; i < chosen.length; i++) dot(chosen[i] ?? 0, 4.5);
  const [across, up] = [rangeOf(table.x), rangeOf(table.y)];
  context.strokeStyle = themeColor('accent');
  context.lineWidth = 3;
  context.lineJoin = 'round';
  for (const { values, dash, opacity } of curves) {
    context.setLineDash([...dash]);
    context.globalAlpha = opacity;
    context.beginPath();
    values.forEach((value, i) => {
      const x = placeX(frame, axes, fromUnit(across, i / (values.length - 1)));
      const y = placeY(frame, axes, fromUnit(up, value));
      if (i === 0) context.moveTo(x, y);
      else context.lineTo(x, y);
    });
    context.stroke();
  }
}
