/** Shortcuts: one key, no modifiers, and never while something else needs the key. */

export type Shortcuts = Readonly<Record<string, () => void>>;

const TAKES_SPACE = 'button, a, summary, input, select, textarea, dialog';
const TAKES_LETTERS = 'input:not([type=range]), select, textarea';

export function listen(shortcuts: Shortcuts): void {
  document.addEventListener('keydown', event => {
    if (event.ctrlKey || event.metaKey || event.altKey || event.defaultPrevented || event.repeat) return;
    const target = event.target instanceof Element ? event.target : document.body;
    if (target.closest(event.key === ' ' ? TAKES_SPACE : TAKES_LETTERS)) return;
    const run = shortcuts[event.key.toLowerCase()];
    if (!run) return;
    event.preventDefault();
    run();
  });
}
