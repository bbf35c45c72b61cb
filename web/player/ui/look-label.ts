/** The label on the wall beside the painting: what hangs here, by whom, made from what. */
import type { LookInfo } from '../../engine/index.ts';
import { element } from '../../shared/dom.ts';
import { megabytes } from '../../shared/format.ts';

/** What a look is called; one without a name goes by its file's. */
export const titleOf = (info: Pick<LookInfo, 'name'>, fileName: string): string =>
  info.name || fileName.replace(/\.onnx$/i, '');

/** Where the pictures come from and what may be done with them, in a line. */
export const creditOf = ({ credit, licence }: { credit: string; licence: string }): string =>
  [credit, licence && `Licence: ${licence}`].filter(Boolean).join('. ');

export function hangLabel(info: LookInfo, bytes: number, fileName: string): void {
  const name = titleOf(info, fileName);
  write('label-name', name);
  write('label-author', info.author && `by ${info.author}`);
  write('label-credit', creditOf(info));
  write('label-facts', [info.size, `${info.pixels} px`, megabytes(bytes)].filter(Boolean).join(' · '));
  element('painting').setAttribute('aria-label', `Live painting by the look “${name}”`);
  document.title = `${name} – limner`;
}

function write(id: string, text: string): void {
  const place = element(id);
  place.textContent = text;
  place.hidden = text === '';
}
