/** The whole page takes files that are dropped on it. */
import { element } from '../../shared/dom.ts';

export function takeDrops(onFile: (file: File) => void): void {
  const veil = element('drop');
  const holdsFile = (event: DragEvent) => event.dataTransfer?.types.includes('Files') ?? false;
  document.addEventListener('dragover', event => {
    if (!holdsFile(event)) return;
    event.preventDefault();
    veil.hidden = false;
  });
  document.addEventListener('dragleave', event => {
    if (event.relatedTarget === null) veil.hidden = true;
  });
  document.addEventListener('drop', event => {
    veil.hidden = true;
    const file = event.dataTransfer?.files[0];
    if (!file) return;
    event.preventDefault();
    onFile(file);
  });
}
