/** Which class is taken for which: a table of counts. A cell shows its pictures. */
import { makeElement } from '../../shared/dom.ts';
import { signColor } from '../network/strip.ts';
import { onTheme } from '../shell/theme.ts';

export interface Cell {
  readonly label: number;
  readonly found: number;
}

export class ConfusionTable {
  readonly element = makeElement('div', 'confusion');
  #buttons: HTMLButtonElement[][] = [];
  #classes: readonly string[] = [];
  #counts: readonly (readonly number[])[] = [];
  #at: Cell = { label: 0, found: 0 };

  constructor(readonly onCell: (cell: Cell) => void) {
    this.element.addEventListener('keydown', event => this.#move(event));
    onTheme(this, table => table.#paint());
  }

  setClasses(classes: readonly string[]): void {
    this.#classes = classes;
    const table = makeElement('table');
    table.append(makeElement('caption', 'hint', 'Rows: what it is. Columns: what the network says.'));
    const head = makeElement('tr');
    head.append(makeElement('td'), ...classes.map(name => makeHeading(name, 'col')));
    table.append(head);
    this.#buttons = classes.map((name, label) => {
      const row = makeElement('tr');
      const buttons = classes.map((_, found) => {
        const button = makeElement('button');
        button.type = 'button';
        button.tabIndex = label + found === 0 ? 0 : -1;
        button.addEventListener('click', () => {
          this.#focus({ label, found });
          this.onCell({ label, found });
        });
        return button;
      });
      row.append(
        makeHeading(name, 'row'),
        ...buttons.map(button => {
          const cell = makeElement('td');
          cell.append(button);
          return cell;
        }),
      );
      table.append(row);
      return buttons;
    });
    this.element.replaceChildren(table);
    this.show([]);
  }

  /** Counts by class and by what is found. */
  show(counts: readonly (readonly number[])[]): void {
    this.#counts = counts;
    this.#paint();
  }

  #paint(): void {
    this.#buttons.forEach((row, label) => {
      const own = this.#counts[label] ?? [];
      const whole = own.reduce((a, b) => a + b, 0);
      row.forEach((button, found) => {
        const count = own[found] ?? 0;
        const share = whole > 0 ? count / whole : 0;
        const [name, other] = [this.#classes[label] ?? '', this.#classes[found] ?? ''];
        const color = signColor(label === found ? -share : Math.sqrt(share));
        button.style.background = `rgb(${color.map(Math.round).join(' ')})`;
        button.style.color = readableOn(color);
        button.textContent = count > 0 ? String(count) : '';
        button.setAttribute('aria-label', `${name} taken for ${other}: ${count}`);
      });
    });
  }

  #focus(to: Cell): HTMLButtonElement | undefined {
    const old = this.#buttons[this.#at.label]?.[this.#at.found];
    if (old) old.tabIndex = -1;
    this.#at = to;
    const button = this.#buttons[to.label]?.[to.found];
    if (button) button.tabIndex = 0;
    return button;
  }

  /** One Tab comes into the table, and arrows go about in it. */
  #move(event: KeyboardEvent): void {
    const moves: Readonly<Record<string, readonly [number, number]>> = {
      ArrowUp: [-1, 0],
      ArrowDown: [1, 0],
      ArrowLeft: [0, -1],
      ArrowRight: [0, 1],
    };
    const move = moves[event.key];
    if (!move) return;
    event.preventDefault();
    const within = (value: number) => Math.min(this.#classes.length - 1, Math.max(0, value));
    const { label, found } = this.#at;
    this.#focus({ label: within(label + move[0]), found: within(found + move[1]) })?.focus();
  }
}

/** Black or white, whichever is apart from a colour. */
function readableOn(color: readonly number[]): string {
  const [red = 0, green = 0, blue = 0] = color.map(part => (part / 255) ** 2.2);
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue > 0.18 ? '#000' : '#fff';
}

function makeHeading(name: string, scope: string): HTMLElement {
  const heading = makeElement('th', '', name.slice(0, 3));
  heading.scope = scope;
  heading.title = name;
  heading.setAttribute('aria-label', name);
  return heading;
}
