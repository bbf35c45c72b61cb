/** How many of the test pictures are found, step by step. */
import { makeElement } from '../../shared/dom.ts';
import { type Axes, drawAxes, frameOf, placeX, placeY } from '../plot/axes.ts';
import { FittedCanvas } from '../plot/fitted-canvas.ts';
import { linearScale } from '../plot/scale.ts';
import { makeCard } from '../shell/bench.ts';
import type { About } from '../shell/explain.ts';
import { themeColor } from '../shell/theme.ts';
import type { TestPoint } from './test-schedule.ts';

export class AccuracyPlot {
  readonly view: FittedCanvas;
  readonly text = makeElement('p', 'hint accuracy');
  readonly card: HTMLElement;

  constructor(about: About, content: () => { readonly points: readonly TestPoint[]; steps: number }) {
    this.view = new FittedCanvas('plot low', 'Accuracy', (context, width, height) => {
      const { points, steps } = content();
      const frame = frameOf(width, height);
      const axes: Axes = {
        x: linearScale(0, Math.max(1, steps), 5),
        y: linearScale(0, 100, 5),
        xName: 'step',
        yName: '% of test pictures found',
      };
      drawAxes(context, frame, axes);
      context.strokeStyle = themeColor('good');
      context.fillStyle = themeColor('good');
      context.lineWidth = 2;
      context.beginPath();
      for (const { step, share } of points) {
        context.lineTo(placeX(frame, axes, step), placeY(frame, axes, 100 * share));
      }
      context.stroke();
      for (const { step, share } of points) {
        context.beginPath();
        context.arc(placeX(frame, axes, step), placeY(frame, axes, 100 * share), 2.5, 0, 2 * Math.PI);
        context.fill();
      }
    });
    this.card = makeCard('Accuracy', about, this.view.canvas, this.text);
  }

  /** Shows the points, and the newest one in words; null where there is none. */
  show(text: string | null): void {
    this.text.textContent = text ?? 'Not tested yet.';
    this.view.request();
  }
}
