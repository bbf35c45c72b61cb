/** The bones that all tabs share: data on the left, the network in the middle, curves on the right; and cards in them. */
import { makeElement } from '../../shared/dom.ts';
import { type About, makeAbout } from './explain.ts';

export interface Bench {
  readonly element: HTMLElement;
  readonly data: HTMLElement;
  readonly network: HTMLElement;
  readonly curves: HTMLElement;
}

const COLUMNS = { data: 'Data', network: 'Network', curves: 'Curves' } as const;

/** `names` are headings of other columns than the usual. */
export function makeBench(id: string, names: Partial<Record<keyof typeof COLUMNS, string>> = {}): Bench {
  const element = makeElement('div', `bench ${id}`);
  const column = (key: keyof typeof COLUMNS) => {
    const section = makeElement('section', `column ${key}`);
    section.setAttribute('aria-label', names[key] ?? COLUMNS[key]);
    element.append(section);
    return section;
  };
  return { element, data: column('data'), network: column('network'), curves: column('curves') };
}

export function makeCard(title: string, about?: About, ...content: Node[]): HTMLElement {
  const card = makeElement('section', 'card');
  const head = makeElement('header', 'card-head');
  head.append(makeElement('h2', '', title));
  if (about) head.append(makeAbout(title, about, head));
  card.append(head, ...content);
  return card;
}
