/** Dark or light: as the system has it, until a visitor chooses. Canvases ask for the colours of the style sheet here. */
import { getButton, setLabel } from '../../shared/dom.ts';

const KEY = 'limner-lab-theme';
/** They call what follows the theme as long as it is there. False when it is gone. */
let followers: (() => boolean)[] = [];
const system = matchMedia('(prefers-color-scheme: light)');

export type Theme = 'dark' | 'light';

/** A site may forbid to store anything; then the choice lasts as long as the page. */
function stored(): string | null {
  try {
    return localStorage.getItem(KEY);
  } catch {
    return null;
  }
}

function store(theme: Theme): void {
  try {
    localStorage.setItem(KEY, theme);
  } catch {
    // As above.
  }
}

export const currentTheme = (): Theme =>
  (document.documentElement.dataset.theme as Theme | undefined) ?? (system.matches ? 'light' : 'dark');

/** Calls `repaint` for an object when colours changed. It does not keep the object in memory, so `repaint` must not hold it either. */
export function onTheme<T extends object>(follower: T, repaint: (follower: T) => void): void {
  const reference = new WeakRef(follower);
  followers.push(() => {
    const found = reference.deref();
    if (found) repaint(found);
    return found !== undefined;
  });
}

/** The colour of that name, or another value: one of the style sheet's variables. Browsers leave `light-dark()` in a variable as
 * it is written, so the theme's part is taken here. */
export function themeColor(name: string): string {
  const value = getComputedStyle(document.documentElement).getPropertyValue(`--${name}`).trim();
  const [, light, dark] = /^light-dark\(([^,]+),([^,]+)\)$/.exec(value) ?? [];
  return (currentTheme() === 'light' ? light : dark)?.trim() ?? value;
}

function tell(): void {
  const other = currentTheme() === 'dark' ? 'light' : 'dark';
  setLabel(getButton('theme-button'), `Use the ${other} theme`);
  followers = followers.filter(follow => follow());
}

export function bindTheme(): void {
  const { dataset } = document.documentElement;
  const chosen = stored();
  if (chosen === 'dark' || chosen === 'light') dataset.theme = chosen;
  getButton('theme-button').addEventListener('click', () => {
    const theme = currentTheme() === 'dark' ? 'light' : 'dark';
    dataset.theme = theme;
    store(theme);
    tell();
  });
  system.addEventListener('change', tell);
  tell();
}
