/** Small paintings side by side. One can be picked. */
import { makeElement } from '../../shared/dom.ts';
import type { Scene } from './draw-protocol.ts';
import type { Drawer } from './drawer.ts';
import { PaintingView } from './painting-view.ts';

const WHOLE = { zoom: 1, at: [0, 0] } as const;

export interface WallPicture {
  readonly name: string;
  /** What else stands under it, such as its likeness; asked for at each drawing. */
  readonly figure?: () => string;
  readonly scene: () => Scene | null;
}

export class Wall {
  readonly element: HTMLElement;
  #views: readonly PaintingView[] = [];
  #figures: readonly (readonly [element: HTMLElement, figure: () => string])[] = [];

  constructor(
    readonly drawer: Drawer,
    className: string,
  ) {
    this.element = makeElement('div', `wall ${className}`);
  }

  /** Shows other pictures; `picked` is pressed, if it is not null. */
  show(pictures: readonly WallPicture[], picked: number | null, onPick: (index: number) => void): void {
    this.#views = pictures.map(({ name, scene }) => new PaintingView(name, this.drawer, scene, () => WHOLE));
    const figures: [HTMLElement, () => string][] = [];
    const buttons = pictures.map(({ name, figure }, i) => {
      const button = makeElement('button');
      button.type = 'button';
      const { canvas } = this.#views[i]?.view ?? {};
      if (canvas) {
        // The button says it.
        canvas.removeAttribute('role');
        canvas.removeAttribute('aria-label');
        canvas.ariaHidden = 'true';
        button.append(canvas);
      }
      if (picked === null) button.setAttribute('aria-label', name);
      else button.append(makeElement('span', '', name));
      if (figure) {
        const element = makeElement('span', 'hint');
        figures.push([element, figure]);
        button.append(element);
      }
      button.addEventListener('click', () => onPick(i));
      return button;
    });
    this.#figures = figures;
    const focused = [...this.element.children].indexOf(document.activeElement as Element);
    this.element.replaceChildren(...buttons);
    // Who breeds by keyboard goes on from the same place.
    buttons[focused]?.focus();
    this.#press(picked);
    this.request(picked);
  }

  #press(picked: number | null): void {
    if (picked === null) return;
    for (const [i, button] of [...this.element.children].entries()) {
      button.setAttribute('aria-pressed', String(i === picked));
    }
  }

  /** Draws all anew. */
  request(picked: number | null = null): void {
    this.#press(picked);
    for (const [element, figure] of this.#figures) element.textContent = figure();
    for (const view of this.#views) view.request();
  }
}
