/** The cloud of gradients: what batches of that size say of the way down, at the start. */
import { type Axes, clipTo, drawAxes, frameOf, placeX, placeY } from '../plot/axes.ts';
import { FittedCanvas } from '../plot/fitted-canvas.ts';
import { linearScale } from '../plot/scale.ts';
import { themeColor } from '../shell/theme.ts';
import { type CloudContent, gradientCloud } from './path.ts';

const COUNT = 240;

export class CloudView {
  readonly view: FittedCanvas;

  /** Without content while the surface is not known. */
  constructor(readonly content: () => CloudContent | null) {
    this.view = new FittedCanvas(
      'plot cloud',
      'Gradients of batches, at the start',
      (context, width, height) => this.#draw(context, width, height),
    );
  }

  #draw(context: CanvasRenderingContext2D, width: number, height: number): void {
    const content = this.content();
    if (!content) return;
    // The axes are those of single examples, so that larger batches are seen to agree.
    const wide = gradientCloud(content, 'one', COUNT);
    const cloud = gradientCloud(content, 'batch', COUNT);
    const [trueX = 0, trueY = 0] = gradientCloud(content, 'all', 1);
    const frame = frameOf(width, height);
    // One scale for both, as on a map.
    let half = 1e-9;
    for (let i = 0; i < wide.length; i++) {
      half = Math.max(half, Math.abs((wide[i] ?? 0) - (i % 2 === 0 ? trueX : trueY)));
    }
    const range = (centre: number) => linearScale(centre - half * 1.05, centre + half * 1.05, 4);
    const [x, y] = [range(trueX), range(trueY)];
    const [xName, yName] = content.surface.names.map(name => `slope along ${name.split(',')[0]}`);
    const axes: Axes = { x, y, xName: xName ?? '', yName: yName ?? '' };
    drawAxes(context, frame, axes);
    clipTo(context, frame);
    const dot = (atX: number, atY: number, radius: number) => {
      context.beginPath();
      context.arc(placeX(frame, axes, atX), placeY(frame, axes, atY), radius, 0, 2 * Math.PI);
      context.fill();
    };
    context.fillStyle = themeColor('accent');
    context.globalAlpha = 0.45;
    for (let i = 0; i < cloud.length; i += 2) dot(cloud[i] ?? 0, cloud[i + 1] ?? 0, 2.5);
    context.globalAlpha = 1;
    context.fillStyle = themeColor('text');
    dot(trueX, trueY, 5);
  }
}
