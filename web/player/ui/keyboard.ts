/** Keyboard shortcuts: one key without modifiers, ignored while an element uses that key itself. */

export type Shortcuts = Readonly<Record<string, () => void>>;

const USES_SPACE = 'button, a, summary, input, select, textarea, dialog';
const USES_LETTERS = 'input:not([type=range]), select, textarea';

export function bindShortcuts(shortcuts: Shortcuts): void {
  document.addEventListener('keydown', event => {
    if (event.ctrlKey || event.metaKey || event.altKey || event.defaultPrevented || event.repeat) return;
    const target = event.target instanceof Element ? event.target : document.body;
    if (target.closest(event.key === ' ' ? USES_SPACE : USES_LETTERS)) return;
    // An open dialog blocks all shortcuts but "?", which closes it.
    if (event.key !== '?' && document.querySelector('dialog[open]')) return;
    const key = event.key.toLowerCase();
    const run = Object.hasOwn(shortcuts, key) ? shortcuts[key] : undefined;
    if (!run) return;
    event.preventDefault();
    run();
  });
}
