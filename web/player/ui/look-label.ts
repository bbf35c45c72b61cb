/** The label beside the painting: the look's name, author, credit and figures. */
import type { LookInfo } from '../../engine/index.ts';
import { getElement } from '../../shared/dom.ts';
import { formatFileSize } from '../../shared/format.ts';

/** The name of a look; without one, the name of its file. */
export const lookTitle = (info: Pick<LookInfo, 'name'>, fileName: string): string =>
  info.name || fileName.replace(/\.onnx$/i, '');

/** The credit and the licence of the training pictures, in one line. */
export const lookCredit = ({ credit, licence }: { credit: string; licence: string }): string =>
  [credit, licence && `Licence: ${licence}`].filter(Boolean).join('. ');

/** The figures of a look in one line; those that are 0 or empty are unknown. */
export const lookFacts = (
  { size, pixels, width, height }: Pick<LookInfo, 'size' | 'pixels' | 'width' | 'height'>,
  bytes: number,
): string =>
  [size, pixels && `${width === height ? pixels : `${width} × ${height}`} px`, bytes && formatFileSize(bytes)]
    .filter(Boolean)
    .join(' · ');

export function showLabel(info: LookInfo, bytes: number, fileName: string): void {
  const name = lookTitle(info, fileName);
  setText('label-name', name);
  setText('label-author', info.author && `by ${info.author}`);
  setText('label-credit', lookCredit(info));
  setText('label-facts', lookFacts(info, bytes));
  getElement('painting').setAttribute('aria-label', `Live painting by the look “${name}”`);
  document.title = `${name} – limner`;
}

function setText(id: string, text: string): void {
  const target = getElement(id);
  target.textContent = text;
  target.hidden = text === '';
}
