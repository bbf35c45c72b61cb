/** Finding the page's own elements, and the few lines of DOM that every module needs. */

/** The element with this id; the page is broken, and says so, if it has none of that type. */
export function element<T extends HTMLElement = HTMLElement>(
  id: string,
  type: new () => T = HTMLElement as new () => T,
): T {
  const found = document.getElementById(id);
  if (!(found instanceof type)) throw new Error(`index.html has no ${type.name} called ${id}.`);
  return found;
}

export const button = (id: string): HTMLButtonElement => element(id, HTMLButtonElement);

/** Makes an element with a class and a text; text only, as names in a look are not ours. */
export function make<K extends keyof HTMLElementTagNameMap>(
  tag: K,
  className = '',
  text = '',
): HTMLElementTagNameMap[K] {
  const made = document.createElement(tag);
  if (className) made.className = className;
  if (text) made.textContent = text;
  return made;
}

/** Shows another symbol of index.html's sprite in a button. */
export function setIcon(target: HTMLElement, symbol: string): void {
  target.querySelector('use')?.setAttribute('href', `#i-${symbol}`);
}

/** Names a button for the eye (tooltip) and for the ear. */
export function setName(target: HTMLElement, name: string, key?: string): void {
  target.setAttribute('aria-label', name);
  target.title = key ? `${name} (${key})` : name;
}

/** Closes whatever panel is open. */
export function closePanels(): void {
  for (const panel of document.querySelectorAll<HTMLElement>('[popover]')) panel.hidePopover?.();
}

/** Offers a file to the visitor as a download. */
export function saveFile(content: Blob, name: string): void {
  const link = make('a');
  link.href = URL.createObjectURL(content);
  link.download = name;
  link.click();
  window.setTimeout(() => URL.revokeObjectURL(link.href), 10_000);
}
