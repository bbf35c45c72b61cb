/** The table of what was measured: a group for each network, a row for each backend. */
import { makeElement } from '../../shared/dom.ts';
import type { Measurement } from '../../shared/measurement.ts';
import { COLUMNS, groupsOf, remarkOf } from './columns.ts';

export class ResultsTable {
  /** Scrolls sideways where it is narrow. */
  readonly element = makeElement('div', 'results');
  readonly #table = makeElement('table');

  constructor() {
    this.element.tabIndex = 0;
    this.element.setAttribute('role', 'region');
    this.element.setAttribute('aria-label', 'Table of results');
    this.element.append(this.#table);
  }

  show(rows: readonly Measurement[]): void {
    const head = makeElement('thead');
    const headings = makeElement('tr');
    for (const { heading } of COLUMNS) {
      const cell = makeElement('th', '', heading);
      cell.scope = 'col';
      headings.append(cell);
    }
    head.append(headings);
    this.#table.replaceChildren(head, ...groupsOf(rows).map(group => this.#makeGroup(group)));
  }

  #makeGroup({ title, rows }: ReturnType<typeof groupsOf>[number]): HTMLElement {
    const body = makeElement('tbody');
    const name = makeElement('th', '', title);
    name.scope = 'rowgroup';
    name.colSpan = COLUMNS.length;
    const titleRow = makeElement('tr');
    titleRow.append(name);
    body.append(titleRow, ...rows.map(row => this.#makeRow(row)));
    return body;
  }

  #makeRow(row: Measurement): HTMLElement {
    const line = makeElement('tr');
    const [first, ...others] = COLUMNS;
    const name = makeElement('th', '', first.cell(row));
    name.scope = 'row';
    const remark = remarkOf(row);
    if (remark) name.append(makeElement('small', '', remark));
    line.append(name);
    if (row.reason !== undefined) {
      const reason = makeElement('td', 'reason', row.reason);
      reason.colSpan = others.length;
      line.append(reason);
    } else line.append(...others.map(({ cell }) => makeElement('td', '', cell(row))));
    return line;
  }
}
