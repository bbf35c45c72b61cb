/** Takes a painting for a look that paints in any style; a painting that is dropped on the page is the style at once. */
import { createPainter, type Painter, readModel } from '../../engine/index.ts';
import { centerCrop, getContext2d } from '../../shared/canvas.ts';
import { getElement, makeElement } from '../../shared/dom.ts';
import { download } from '../../shared/download.ts';
import { FetchError } from '../../shared/errors.ts';
import { rgbaToPlanes } from '../../shared/planes.ts';
import type { Style } from '../painters/format/style.ts';
import { detectFileKind, openPicture } from '../sources/file.ts';

// The page fetches all that such a look needs as one file.
export { applyStyle } from '../painters/format/style.ts';

/** Side of the painting that the numbers are made of. */
const PIXELS = 256;

/** Shows the choice in the panel of looks. It is gone when the page removes the form `format-form`. */
export function showStyleForm(predictor: string, onStyle: (style: Style) => void): void {
  const form = makeElement('fieldset');
  form.id = 'format-form';
  const button = makeElement('button', 'wide', 'Paint in the style of a picture…');
  button.type = 'button';
  const input = makeElement('input');
  Object.assign(input, { type: 'file', accept: 'image/*', hidden: true, id: 'file-style' });
  input.setAttribute('aria-label', 'Picture whose style is painted in');
  const take = (file: File) => onStyle({ name: file.name, read: () => predict(predictor, file) });
  button.addEventListener('click', () => input.click());
  input.addEventListener('change', () => {
    const [file] = input.files ?? [];
    if (file) take(file);
    input.value = '';
  });
  form.append(
    makeElement('legend', 'hint', 'Any style'),
    button,
    input,
    makeElement('p', 'hint', 'Or drop a painting anywhere. What is painted is chosen under Subject.'),
  );
  // Before the page takes a picture that is dropped for the subject.
  const takeDropped = (event: DragEvent) => {
    if (!form.isConnected) return document.removeEventListener('drop', takeDropped, true);
    const file = event.dataTransfer?.files[0];
    if (!file || detectFileKind(file) !== 'picture') return;
    event.preventDefault();
    event.stopImmediatePropagation();
    getElement('drop').hidden = true;
    take(file);
  };
  document.addEventListener('drop', takeDropped, true);
  document.getElementById('format-form')?.remove();
  getElement('look-open').before(form);
}

/** The network that makes numbers of paintings, once it was asked for. */
let known: Promise<Painter> | null = null;

async function loadPredictor(file: string): Promise<Painter> {
  const description = 'the network that reads styles';
  const bytes = await download(`looks/${encodeURIComponent(file)}`, {
    description,
    bytes: 0,
    onProgress: () => undefined,
  });
  return createPainter(await readModel(bytes), { precision: 'float32' });
}

/** The numbers of a picture, the middle of which is taken. Throws a FetchError with a sentence for visitors. */
async function predict(predictor: string, file: File): Promise<Float32Array> {
  const { frame, stop } = await openPicture(file).catch((error: unknown) => {
    throw new FetchError(error instanceof Error ? error.message : String(error));
  });
  const canvas = makeElement('canvas');
  canvas.width = canvas.height = PIXELS;
  const context = getContext2d(canvas);
  const { width, height } = frame as HTMLCanvasElement; // that of a picture is one
  context.imageSmoothingQuality = 'high';
  context.drawImage(frame, ...centerCrop(width, height), 0, 0, PIXELS, PIXELS);
  stop();
  const painting = new Float32Array(3 * PIXELS * PIXELS);
  rgbaToPlanes(context.getImageData(0, 0, PIXELS, PIXELS).data, painting);
  known ??= loadPredictor(predictor);
  const network = await known.catch((error: unknown) => {
    known = null; // so that it can be tried again
    throw error;
  });
  const { style } = await network.run({ painting });
  if (!style) throw new FetchError(`${predictor} makes no style.`);
  return style;
}
