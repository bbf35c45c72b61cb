/** Controls that the panel and the frame's editor share. */
import { makeElement } from '../../shared/dom.ts';

export function makeButton(label: string, onClick: () => void, className = ''): HTMLButtonElement {
  const button = makeElement('button', className, label);
  button.type = 'button';
  button.addEventListener('click', onClick);
  return button;
}

/** A button that opens a file chooser, and its hidden input. */
export function makeFileButton(
  label: string,
  accept: string,
  isMultiple: boolean,
  onFiles: (files: readonly File[]) => void,
): [HTMLButtonElement, HTMLInputElement] {
  const input = makeElement('input');
  Object.assign(input, { type: 'file', accept, multiple: isMultiple, hidden: true });
  input.setAttribute('aria-label', label);
  input.addEventListener('change', () => {
    onFiles([...(input.files ?? [])]);
    input.value = ''; // so that the same file can be chosen again
  });
  return [makeButton(label, () => input.click()), input];
}

/** Buttons of which one is pressed. */
export function makeToggles<T extends string>(
  label: string,
  choices: readonly (readonly [value: T, label: string])[],
  onChosen: (value: T) => void,
): { readonly element: HTMLElement; readonly set: (value: T) => void } {
  const element = makeElement('fieldset', 'choices');
  element.append(makeElement('legend', 'visually-hidden', label));
  const buttons = new Map<T, HTMLButtonElement>();
  const set = (value: T) => {
    for (const [own, button] of buttons) button.setAttribute('aria-pressed', String(own === value));
    onChosen(value);
  };
  for (const [value, text] of choices) {
    const button = makeButton(text, () => set(value));
    buttons.set(value, button);
    element.append(button);
  }
  return { element, set };
}

/** A box to tick, with its label. */
export function makeCheckbox(label: string, onChange: () => void): [HTMLLabelElement, HTMLInputElement] {
  const [row, input] = [makeElement('label', 'check'), makeElement('input')];
  input.type = 'checkbox';
  input.addEventListener('change', onChange);
  row.append(input, label);
  return [row, input];
}
