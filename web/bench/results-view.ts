// Results in the page: a table and two drawings for each look, to copy and to keep.

import { button, element, make, saveFile } from '../shared/dom.ts';
import { plot } from './plot.ts';
import { COLUMNS, described, EXPLANATION, markdown, notes } from './report.ts';
import { type LookResult, type Results, ran } from './results.ts';
import { isOurs } from './rivals/index.ts';
import type { Work } from './sandbox.ts';

const [ENGINE, ...OTHERS] = COLUMNS;
const FIGURES = OTHERS.filter(({ onPage }) => onPage);

export class ResultsView {
  #results: Results | null = null;

  constructor() {
    button('copy').addEventListener('click', () => void this.#copy());
    button('save').addEventListener('click', () => this.#save());
    element('explanation').textContent = EXPLANATION.replaceAll('\n', ' ').replaceAll('*', '');
  }

  show(results: Results): void {
    this.#results = results;
    element('results').hidden = false;
    element('origin').textContent = described(results.origin);
    element('tables').replaceChildren(...results.looks.flatMap(drawn));
  }

  async #copy(): Promise<void> {
    if (!this.#results) return;
    const said = element('said');
    try {
      await navigator.clipboard.writeText(markdown(this.#results));
      said.textContent = 'Copied.';
    } catch {
      said.textContent = 'This browser does not let the page copy; save the JSON instead.';
    }
  }

  #save(): void {
    if (!this.#results) return;
    const json = new Blob([JSON.stringify(this.#results, null, 1)], { type: 'application/json' });
    saveFile(json, 'limner-bench.json');
  }
}

function drawn(look: LookResult): HTMLElement[] {
  const title = make('h3', '', `${look.name}, ${look.pixels} pixels`);
  const scroll = scrolled(make('div', 'scroll'), `Table for ${look.name}`);
  scroll.append(table(look));
  const figures = (['model', 'camera'] as const).map(work => figure(look, work));
  return [title, scroll, ...figures, ...notes(look).map(text => make('p', 'quiet', text))];
}

function table({ rivals }: LookResult): HTMLTableElement {
  const made = make('table');
  const head = made.createTHead().insertRow();
  for (const { heading } of [ENGINE, ...FIGURES]) {
    const cell = make('th', '', heading);
    cell.scope = 'col';
    head.append(cell);
  }
  const body = made.createTBody();
  for (const rival of rivals.filter(ran)) {
    const row = body.insertRow();
    row.className = isOurs(rival.name) ? 'ours' : rival.ranked ? '' : 'apart';
    const name = make('th', '', rival.label);
    name.scope = 'row';
    row.append(name, ...FIGURES.map(({ cell }) => make('td', '', cell(rival))));
  }
  return made;
}

function figure(look: LookResult, work: Work): HTMLElement {
  const svg = plot(look, work);
  const made = make('figure');
  if (!svg) return made;
  made.append(new DOMParser().parseFromString(svg, 'image/svg+xml').documentElement);
  return scrolled(made, `Drawing for ${look.name}`);
}

/** What is wider than a small screen is moved by finger or by arrow keys. */
function scrolled(made: HTMLElement, name: string): HTMLElement {
  made.tabIndex = 0;
  made.setAttribute('role', 'region');
  made.setAttribute('aria-label', name);
  return made;
}
