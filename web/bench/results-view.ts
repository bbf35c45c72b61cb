// Shows the results in the page: a table and two plots for each look, with buttons to copy and save them.

import { getButton, getElement, makeElement, saveFile } from '../shared/dom.ts';
import { plot } from './plot.ts';
import { COLUMNS, describeEnvironment, EXPLANATION, listRemarks, markdown } from './report.ts';
import { isMeasured, type LookResult, type Results } from './results.ts';
import { isLimner } from './rivals/index.ts';
import type { Workload } from './sandbox.ts';

const [ENGINE, ...OTHERS] = COLUMNS;
const FIGURES = OTHERS.filter(({ onPage }) => onPage);

export class ResultsView {
  #results: Results | null = null;

  constructor() {
    getButton('copy').addEventListener('click', () => void this.#copy());
    getButton('save').addEventListener('click', () => this.#save());
    getElement('explanation').textContent = EXPLANATION.replaceAll('\n', ' ').replaceAll('*', '');
  }

  show(results: Results): void {
    this.#results = results;
    getElement('results').hidden = false;
    getElement('environment').textContent = describeEnvironment(results.origin);
    getElement('tables').replaceChildren(...results.looks.flatMap(renderLook));
  }

  async #copy(): Promise<void> {
    if (!this.#results) return;
    const status = getElement('status');
    try {
      await navigator.clipboard.writeText(markdown(this.#results));
      status.textContent = 'Copied.';
    } catch {
      status.textContent = 'This browser does not allow copying; save the JSON instead.';
    }
  }

  #save(): void {
    if (!this.#results) return;
    const json = new Blob([JSON.stringify(this.#results, null, 1)], { type: 'application/json' });
    saveFile(json, 'limner-bench.json');
  }
}

function renderLook(look: LookResult): HTMLElement[] {
  const title = makeElement('h3', '', `${look.name}, ${look.pixels} pixels`);
  const scroll = makeScrollable(makeElement('div', 'scroll'), `Table for ${look.name}`);
  scroll.append(renderTable(look));
  const figures = (['model', 'camera'] as const).map(workload => renderPlot(look, workload));
  return [title, scroll, ...figures, ...listRemarks(look).map(text => makeElement('p', 'muted', text))];
}

function renderTable({ rivals }: LookResult): HTMLTableElement {
  const element = makeElement('table');
  const head = element.createTHead().insertRow();
  for (const { heading } of [ENGINE, ...FIGURES]) {
    const cell = makeElement('th', '', heading);
    cell.scope = 'col';
    head.append(cell);
  }
  const body = element.createTBody();
  for (const rival of rivals.filter(isMeasured)) {
    const row = body.insertRow();
    row.className = isLimner(rival.name) ? 'limner' : rival.ranked ? '' : 'unranked';
    const name = makeElement('th', '', rival.label);
    name.scope = 'row';
    row.append(name, ...FIGURES.map(({ cell }) => makeElement('td', '', cell(rival))));
  }
  return element;
}

function renderPlot(look: LookResult, workload: Workload): HTMLElement {
  const svg = plot(look, workload);
  const element = makeElement('figure');
  if (!svg) return element;
  element.append(new DOMParser().parseFromString(svg, 'image/svg+xml').documentElement);
  return makeScrollable(element, `Plot for ${look.name}`);
}

/** Makes an element that is wider than a small screen scrollable by touch and by arrow keys. */
function makeScrollable(element: HTMLElement, name: string): HTMLElement {
  element.tabIndex = 0;
  element.setAttribute('role', 'region');
  element.setAttribute('aria-label', name);
  return element;
}
