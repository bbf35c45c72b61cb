/** The picture of a curve, to be saved: the plot with its title, and the settings that give it again. */
import { encodePng, getContext2d } from '../../shared/canvas.ts';
import { makeElement } from '../../shared/dom.ts';
import { themeColor } from './theme.ts';

const EDGE = 24;
const LINE = 26;

/** As a PNG. Throws an Error if the browser cannot encode it. */
export function drawPlotPicture(plot: HTMLCanvasElement, title: string, hash: string): Blob {
  const scale = window.devicePixelRatio || 1;
  const [edge, line] = [EDGE * scale, LINE * scale];
  const picture = makeElement('canvas');
  picture.width = plot.width + 2 * edge;
  picture.height = plot.height + 2 * edge + 2 * line;
  const context = getContext2d(picture);
  context.fillStyle = themeColor('surface');
  context.fillRect(0, 0, picture.width, picture.height);
  context.drawImage(plot, edge, edge + line);
  context.textBaseline = 'middle';
  context.fillStyle = themeColor('text');
  context.font = `italic ${18 * scale}px ${themeColor('serif')}`;
  context.fillText(title, edge, edge + line / 2 - 4 * scale);
  context.fillStyle = themeColor('muted');
  context.font = `${11 * scale}px ui-monospace, monospace`;
  context.fillText(hash, edge, picture.height - edge - line / 2 + 8 * scale, plot.width);
  return encodePng(picture);
}
