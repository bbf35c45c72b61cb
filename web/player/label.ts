/** The label on the wall beside the painting: what hangs here, by whom, made from what. */
import type { LookInfo } from '../engine/index.ts';
import { element } from './element.ts';
import { megabytes } from './looks.ts';

export function hangLabel(info: LookInfo, bytes: number, fileName: string): void {
  const credit = [info.credit, info.licence && `Licence: ${info.licence}`].filter(Boolean).join('. ');
  const name = info.name || fileName.replace(/\.onnx$/i, '');
  write('label-name', name);
  write('label-author', info.author && `by ${info.author}`);
  write('label-credit', credit);
  write('label-facts', [info.size, `${info.pixels} px`, megabytes(bytes)].filter(Boolean).join(' · '));
  element('painting').setAttribute('aria-label', `Live painting by the look “${name}”`);
  document.title = `${name} – limner`;
}

function write(id: string, text: string): void {
  const place = element(id);
  place.textContent = text;
  place.hidden = text === '';
}
