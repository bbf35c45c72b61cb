/** The label on the wall beside the painting: what hangs here, by whom, made from what. */
import type { LookInfo } from '../../engine/index.ts';
import { getElement } from '../../shared/dom.ts';
import { formatFileSize } from '../../shared/format.ts';

/** What a look is called; one without a name goes by its file's. */
export const lookTitle = (info: Pick<LookInfo, 'name'>, fileName: string): string =>
  info.name || fileName.replace(/\.onnx$/i, '');

/** Where the pictures come from and what may be done with them, in a line. */
export const lookCredit = ({ credit, licence }: { credit: string; licence: string }): string =>
  [credit, licence && `Licence: ${licence}`].filter(Boolean).join('. ');

export function showLabel(info: LookInfo, bytes: number, fileName: string): void {
  const name = lookTitle(info, fileName);
  setText('label-name', name);
  setText('label-author', info.author && `by ${info.author}`);
  setText('label-credit', lookCredit(info));
  setText('label-facts', [info.size, `${info.pixels} px`, formatFileSize(bytes)].filter(Boolean).join(' · '));
  getElement('painting').setAttribute('aria-label', `Live painting by the look “${name}”`);
  document.title = `${name} – limner`;
}

function setText(id: string, text: string): void {
  const target = getElement(id);
  target.textContent = text;
  target.hidden = text === '';
}
