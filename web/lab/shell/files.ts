/** Files of one's own: chosen by a button, or dropped. */
import { makeElement } from '../../shared/dom.ts';
import { makeButton } from './controls.ts';

/** A button that opens a file chooser, and its hidden input. */
export function makeFileButton(
  label: string,
  accept: string,
  onFile: (file: File) => void,
): [HTMLButtonElement, HTMLInputElement] {
  const input = makeElement('input');
  Object.assign(input, { type: 'file', accept, hidden: true });
  input.addEventListener('change', () => {
    const file = input.files?.[0];
    if (file) onFile(file);
    input.value = ''; // so that the same file can be chosen again
  });
  return [makeButton(label, () => input.click()), input];
}

/** Takes a file that is dropped onto an element, which has the class `over` while one is held above it. */
export function bindDrop(target: HTMLElement, onFile: (file: File) => void): void {
  const mark = (isOver: boolean) => target.classList.toggle('over', isOver);
  target.addEventListener('dragover', event => {
    event.preventDefault();
    mark(true);
  });
  target.addEventListener('dragleave', () => mark(false));
  target.addEventListener('drop', event => {
    event.preventDefault();
    mark(false);
    const file = event.dataTransfer?.files[0];
    if (file) onFile(file);
  });
}
