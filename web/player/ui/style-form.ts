/** Takes a painting for a look that paints in any style; a painting that is dropped on the page is the style at once. */
import { createPainter, readModel } from '../../engine/index.ts';
import { centerCrop, getContext2d } from '../../shared/canvas.ts';
import { getElement, makeElement } from '../../shared/dom.ts';
import { download } from '../../shared/download.ts';
import { errorMessage, FetchError } from '../../shared/errors.ts';
import { rgbaToPlanes } from '../../shared/planes.ts';
import type { Style } from '../painters/format/style.ts';
import type { Backend } from '../painters/painter.ts';
import { detectFileKind, openPicture } from '../sources/file.ts';
import type { PageParts } from './page-parts.ts';

// The page fetches all that such a look needs as one file.
export { applyStyle } from '../painters/format/style.ts';

/** Side of the painting that the numbers are made of. */
const PIXELS = 256;

/** Shows the choice in the panel of looks. It is gone when the page removes the form `format-form`. A form that is there
 * is replaced, and the keyboard stays where it is. */
export function showStyleForm(
  predictor: string,
  { notifications, backend }: PageParts,
  onStyle: (style: Style) => void,
): void {
  const form = makeElement('fieldset');
  form.id = 'format-form';
  const button = makeElement('button', 'wide', 'Paint in the style of a picture…');
  button.type = 'button';
  const input = makeElement('input');
  Object.assign(input, { type: 'file', accept: 'image/*', hidden: true, id: 'file-style' });
  input.setAttribute('aria-label', 'Picture whose style is painted in');
  const take = async (file: File) => {
    notifications.clear();
    try {
      const painting = await readPainting(file);
      onStyle({ name: file.name, read: () => predict(predictor, backend, painting) });
    } catch (error) {
      notifications.alert(errorMessage(error)); // the style stays as it was
    }
  };
  button.addEventListener('click', () => input.click());
  input.addEventListener('change', () => {
    const [file] = input.files ?? [];
    if (file) void take(file);
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
    void take(file);
  };
  document.addEventListener('drop', takeDropped, true);
  const before = document.getElementById('format-form');
  const hadFocus = before?.contains(document.activeElement);
  before?.remove();
  getElement('look-open').before(form);
  if (hadFocus) button.focus();
}

/** The middle of a picture, float planes (3, 256, 256) of 0..1. Throws an Error with a sentence for visitors. */
async function readPainting(file: File): Promise<Float32Array> {
  const { frame, stop } = await openPicture(file);
  const canvas = makeElement('canvas');
  canvas.width = canvas.height = PIXELS;
  const context = getContext2d(canvas);
  const { width, height } = frame as HTMLCanvasElement; // that of a picture is one
  context.fillStyle = 'white'; // behind what is transparent, as limner has it in Python
  context.fillRect(0, 0, PIXELS, PIXELS);
  context.imageSmoothingQuality = 'high';
  context.drawImage(frame, ...centerCrop(width, height), 0, 0, PIXELS, PIXELS);
  stop();
  const painting = new Float32Array(3 * PIXELS * PIXELS);
  rgbaToPlanes(context.getImageData(0, 0, PIXELS, PIXELS).data, painting);
  return painting;
}

/** The network that makes numbers of paintings, as a file, once it was asked for. */
const files = new Map<string, Promise<Uint8Array<ArrayBuffer>>>();

function fetchPredictor(file: string): Promise<Uint8Array<ArrayBuffer>> {
  const known = files.get(file);
  if (known) return known;
  const url = `looks/${encodeURIComponent(file)}`;
  const options = { description: 'the network that reads styles', bytes: 0, onProgress: () => undefined };
  const fetched = download(url, options).catch((error: unknown) => {
    files.delete(file); // so that it can be tried again
    throw error;
  });
  files.set(file, fetched);
  return fetched;
}

/** The numbers of a painting. Throws an Error with a sentence for visitors. */
async function predict(file: string, backend: Backend | null, painting: Float32Array): Promise<Float32Array> {
  const bytes = await fetchPredictor(file);
  const gpu = backend === 'webgl2' || backend === 'webgpu' ? backend : undefined;
  // In 32 bits, so that all backends find the same style. It is made anew for each painting: it keeps 15 MB on the GPU.
  const network = await createPainter(await readModel(bytes), {
    precision: 'float32',
    ...(gpu && { backend: gpu }),
  }).catch((error: unknown) => {
    throw new FetchError(`The style cannot be read here: ${errorMessage(error)}`);
  });
  try {
    const { style } = await network.run({ painting });
    if (!style) throw new FetchError(`${file} makes no style.`);
    return style;
  } finally {
    network.destroy();
  }
}
