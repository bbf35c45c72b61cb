/** Accepts files that are dropped anywhere on the page. */
import { getElement } from '../../shared/dom.ts';

export function listenForDrops(onFile: (file: File) => void): void {
  const overlay = getElement('drop');
  const hasFile = (event: DragEvent) => event.dataTransfer?.types.includes('Files') ?? false;
  document.addEventListener('dragover', event => {
    if (!hasFile(event)) return;
    event.preventDefault();
    overlay.hidden = false;
  });
  document.addEventListener('dragleave', event => {
    if (event.relatedTarget === null) overlay.hidden = true;
  });
  document.addEventListener('drop', event => {
    overlay.hidden = true;
    const file = event.dataTransfer?.files[0];
    if (!file) return;
    event.preventDefault();
    onFile(file);
  });
}
