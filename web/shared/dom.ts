/** Helpers for the DOM of a page. */

/** Whether this page is shown inside another one. */
export const isEmbedded = (): boolean => window.top !== window.self;

/** The element with this id. Throws if there is none of that type: the page is broken then. */
export function getElement<T extends HTMLElement = HTMLElement>(
  id: string,
  type: new () => T = HTMLElement as new () => T,
): T {
  const element = document.getElementById(id);
  if (!(element instanceof type)) throw new Error(`index.html has no ${type.name} called ${id}.`);
  return element;
}

export const getButton = (id: string): HTMLButtonElement => getElement(id, HTMLButtonElement);

/** Makes an element with a class and a text. Names in a look are untrusted, so nothing is set as HTML. */
export function makeElement<K extends keyof HTMLElementTagNameMap>(
  tag: K,
  className = '',
  text = '',
): HTMLElementTagNameMap[K] {
  const element = document.createElement(tag);
  if (className) element.className = className;
  if (text) element.textContent = text;
  return element;
}

/** Shows another symbol of the page's SVG sprite in a button. */
export function setIcon(target: HTMLElement, symbol: string): void {
  target.querySelector('use')?.setAttribute('href', `#i-${symbol}`);
}

/** Sets a button's label for screen readers, and its tooltip. */
export function setLabel(target: HTMLElement, label: string, key?: string): void {
  target.setAttribute('aria-label', label);
  target.title = key ? `${label} (${key})` : label;
}

/** Closes all open panels. */
export function closePanels(): void {
  for (const panel of document.querySelectorAll<HTMLElement>('[popover]')) panel.hidePopover?.();
}

/** Makes a button open the file chooser of a hidden input. */
export function bindFileInput(button: string, input: string, onFile: (file: File) => void): void {
  const chooser = getElement(input, HTMLInputElement);
  getButton(button).addEventListener('click', () => chooser.click());
  chooser.addEventListener('change', () => {
    const file = chooser.files?.[0];
    if (file) onFile(file);
    chooser.value = ''; // so that the same file can be chosen again
  });
}

/** Offers a file to the visitor as a download. */
export function saveFile(content: Blob, name: string): void {
  const link = makeElement('a');
  link.href = URL.createObjectURL(content);
  link.download = name;
  link.click();
  window.setTimeout(() => URL.revokeObjectURL(link.href), 10_000);
}
