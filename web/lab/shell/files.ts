/** Files of one's own: chosen by a button, or dropped. */
import { makeElement } from '../../shared/dom.ts';
import { makeButton } from './controls.ts';

/** A button that opens a file chooser, and its hidden input. */
export const makeFileButton = (
  label: string,
  accept: string,
  onFile: (file: File) => void,
): [HTMLButtonElement, HTMLInputElement] =>
  makeFilesButton(label, { accept }, ([file]) => {
    if (file) onFile(file);
  });

/** The same for several files, with `multiple`, or for a folder, with `webkitdirectory`. */
export function makeFilesButton(
  label: string,
  kind: Partial<Pick<HTMLInputElement, 'accept' | 'multiple' | 'webkitdirectory'>>,
  onFiles: (files: readonly File[]) => void,
): [HTMLButtonElement, HTMLInputElement] {
  const input = makeElement('input');
  Object.assign(input, { ...kind, type: 'file', hidden: true });
  input.addEventListener('change', () => {
    const files = [...(input.files ?? [])];
    if (files.length > 0) onFiles(files);
    input.value = ''; // so that the same file can be chosen again
  });
  return [makeButton(label, () => input.click()), input];
}

/** Takes a file that is dropped onto an element, which has the class `over` while one is held above it. */
export const bindDrop = (target: HTMLElement, onFile: (file: File) => void): void =>
  bindDrops(target, ([file]) => {
    if (file) onFile(file);
  });

/** The same for several files. */
export function bindDrops(target: HTMLElement, onFiles: (files: readonly File[]) => void): void {
  const mark = (isOver: boolean) => target.classList.toggle('over', isOver);
  target.addEventListener('dragover', event => {
    event.preventDefault();
    mark(true);
  });
  target.addEventListener('dragleave', () => mark(false));
  target.addEventListener('drop', event => {
    event.preventDefault();
    mark(false);
    onFiles([...(event.dataTransfer?.files ?? [])]);
  });
}
