/** Explanations at three depths: what a thing is, how it works, and its formula. Shown on hover, on focus, and by a tap. */
import { makeElement } from '../../shared/dom.ts';

export interface About {
  readonly what: string;
  readonly how: string;
  readonly formula: string;
}

const DEPTHS = [
  ['what', 'What'],
  ['how', 'How'],
  ['formula', 'Formula'],
] as const;
type Depth = (typeof DEPTHS)[number][0];

/** Before it shows on hover, so that a pointer that passes opens nothing. */
const DELAY_MS = 250;
const GAP = 8;

/** The one card of the page. It stands in the document right after the button that it is of, so that Tab goes into it. */
class Card {
  readonly element = makeElement('div', 'about-card');
  readonly #text = makeElement('p', 'about-text');
  readonly #buttons = new Map<Depth, HTMLButtonElement>();
  #depth: Depth = 'what';
  #about: About | null = null;
  #owner: HTMLButtonElement | null = null;
  #isPinned = false;
  #timer = 0;

  constructor() {
    const { element } = this;
    element.id = 'about-card';
    element.setAttribute('role', 'group');
    this.#text.id = 'about-text';
    const depths = makeElement('div', 'about-depths');
    for (const [depth, label] of DEPTHS) {
      const button = makeElement('button', '', label);
      button.type = 'button';
      button.addEventListener('click', () => {
        this.#isPinned = true;
        this.#show(depth);
      });
      this.#buttons.set(depth, button);
      depths.append(button);
    }
    element.append(depths, this.#text);
    element.addEventListener('pointerenter', () => window.clearTimeout(this.#timer));
    element.addEventListener('pointerleave', () => this.leave());
    document.addEventListener('keydown', event => {
      if (event.key !== 'Escape' || !this.#owner) return;
      const hadFocus = element.contains(document.activeElement);
      const owner = this.#owner;
      this.close();
      if (hadFocus) owner.focus();
    });
    document.addEventListener('pointerdown', ({ target }) => {
      if (target instanceof Node && !element.contains(target) && !this.#owner?.contains(target)) this.close();
    });
    element.addEventListener('focusout', ({ relatedTarget }) => this.#followFocus(relatedTarget));
    window.addEventListener('scroll', () => this.#place(), { capture: true, passive: true });
  }

  enter(owner: HTMLButtonElement, about: About): void {
    window.clearTimeout(this.#timer);
    if (!this.#isPinned) this.#timer = window.setTimeout(() => this.open(owner, about), DELAY_MS);
  }

  leave(): void {
    window.clearTimeout(this.#timer);
    if (!this.#isPinned) this.#timer = window.setTimeout(() => this.close(), DELAY_MS);
  }

  toggle(owner: HTMLButtonElement, about: About): void {
    if (this.#owner === owner && this.#isPinned) this.close();
    else {
      this.open(owner, about);
      this.#isPinned = true;
    }
  }

  open(owner: HTMLButtonElement, about: About): void {
    window.clearTimeout(this.#timer);
    if (this.#owner === owner) return;
    this.close();
    this.#owner = owner;
    this.#about = about;
    owner.setAttribute('aria-expanded', 'true');
    owner.setAttribute('aria-describedby', this.#text.id);
    this.element.setAttribute('aria-label', owner.getAttribute('aria-label') ?? '');
    owner.after(this.element);
    this.#show(this.#depth);
    owner.addEventListener('blur', this.#onBlur);
  }

  readonly #onBlur = ({ relatedTarget }: FocusEvent): void => this.#followFocus(relatedTarget);

  /** Closes when the focus goes elsewhere. */
  #followFocus(to: EventTarget | null): void {
    if (to instanceof Node && (this.element.contains(to) || this.#owner?.contains(to))) return;
    if (to !== null) this.close();
    else if (!this.#isPinned) this.leave();
  }

  close(): void {
    window.clearTimeout(this.#timer);
    this.#owner?.setAttribute('aria-expanded', 'false');
    this.#owner?.removeAttribute('aria-describedby');
    this.#owner?.removeEventListener('blur', this.#onBlur);
    this.#owner = null;
    this.#isPinned = false;
    this.element.remove();
  }

  #show(depth: Depth): void {
    this.#depth = depth;
    for (const [own, button] of this.#buttons) button.setAttribute('aria-pressed', String(own === depth));
    this.#text.textContent = this.#about?.[depth] ?? '';
    this.#text.dataset.depth = depth;
    this.#place();
  }

  /** Under the button, or above it where there is no room. */
  #place(): void {
    if (!this.#owner) return;
    const { style } = this.element;
    const at = this.#owner.getBoundingClientRect();
    const { offsetWidth, offsetHeight } = this.element;
    const left = Math.min(at.left, document.documentElement.clientWidth - offsetWidth - GAP);
    const below = at.bottom + GAP;
    const isBelow = below + offsetHeight < window.innerHeight || at.top < offsetHeight + GAP;
    style.left = `${Math.max(GAP, left)}px`;
    style.top = `${isBelow ? below : at.top - GAP - offsetHeight}px`;
  }
}

let card: Card | null = null;

/** A button that explains what it stands beside. `around` is what a pointer may rest on; default: the button. */
export function makeAbout(name: string, about: About, around?: HTMLElement): HTMLButtonElement {
  card ??= new Card();
  const shared = card;
  const button = makeElement('button', 'about', '?');
  button.type = 'button';
  button.setAttribute('aria-label', `About: ${name}`);
  button.setAttribute('aria-expanded', 'false');
  const target = around ?? button;
  target.addEventListener('pointerenter', ({ pointerType }) => {
    if (pointerType === 'mouse') shared.enter(button, about);
  });
  target.addEventListener('pointerleave', ({ pointerType }) => {
    if (pointerType === 'mouse') shared.leave();
  });
  button.addEventListener('focus', () => {
    if (button.matches(':focus-visible')) shared.open(button, about);
  });
  button.addEventListener('click', () => shared.toggle(button, about));
  return button;
}
