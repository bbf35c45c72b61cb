/** The results of a test: accuracy of each class, what is taken for what, and the pictures themselves. */
import { makeElement, saveFile } from '../../shared/dom.ts';
import type { Picture, Task } from '../data/examples.ts';
import { makeCard } from '../shell/bench.ts';
import { makeButton } from '../shell/controls.ts';
import { ABOUT } from './about.ts';
import { answersTable } from './answers-table.ts';
import { ClassBars } from './class-bars.ts';
import { type Cell, ConfusionTable } from './confusion-table.ts';
import { type GridPicture, PictureGrid } from './picture-grid.ts';
import type { Answer } from './tester.ts';

const MAX_SHOWN = 200;

export class TestPanel {
  /** Accuracies of classes, and confusions. */
  readonly cards: readonly HTMLElement[];
  readonly pictureCard: HTMLElement;
  readonly #bars = new ClassBars('Accuracy');
  readonly #table: ConfusionTable;
  readonly #grid: PictureGrid;
  readonly #which = makeElement('p', 'hint');
  #task: Task | null = null;
  #answers: readonly (Answer | undefined)[] = [];
  #cell: Cell | null = null;
  #shown: readonly number[] = [];

  constructor(onPicture: (picture: Picture, label: number) => void) {
    this.#table = new ConfusionTable(cell => this.#choose(cell));
    this.#grid = new PictureGrid(
      'Test pictures, framed by whether they are found',
      40,
      () => this.#pictures(),
      index => {
        const at = this.#shown[index];
        if (this.#task && at !== undefined) onPicture(this.#task.test.picture(at), this.#task.test.label(at));
      },
    );
    const all = makeElement('div', 'choices');
    all.append(
      makeButton('Show all', () => this.#choose(null)),
      makeButton('Save as CSV', () => this.#save()),
    );
    const scroll = makeElement('div', 'scroll');
    scroll.tabIndex = 0;
    scroll.setAttribute('role', 'region');
    scroll.setAttribute('aria-label', 'Test pictures');
    scroll.append(this.#grid.view.canvas);
    this.cards = [
      makeCard('Accuracy of each class', ABOUT.classes, this.#bars.element),
      makeCard('Confusion', ABOUT.confusion, this.#table.element),
    ];
    this.pictureCard = makeCard('Test pictures', ABOUT.test, this.#which, scroll, all);
  }

  setTask(task: Task): void {
    if (task.classes !== this.#task?.classes) {
      this.#bars.setClasses(task.classes);
      this.#table.setClasses(task.classes);
    }
    this.#task = task;
    this.#cell = null;
    this.show([]);
  }

  show(answers: readonly (Answer | undefined)[]): void {
    const task = this.#task;
    if (!task) return;
    this.#answers = answers;
    const counts = task.classes.map(() => task.classes.map(() => 0));
    answers.forEach((answer, i) => {
      const row = counts[task.test.label(i)];
      if (answer && row) row[answer.found] = (row[answer.found] ?? 0) + 1;
    });
    this.#table.show(counts);
    this.#bars.show(
      counts.map((row, label) => {
        const whole = row.reduce((a, b) => a + b, 0);
        return whole > 0 ? (row[label] ?? 0) / whole : null;
      }),
      false,
    );
    this.#choose(this.#cell);
  }

  /** Saves what the network says of each test picture that was tested. */
  #save(): void {
    const task = this.#task;
    if (!task) return;
    saveFile(new Blob([answersTable(task, this.#answers)], { type: 'text/csv' }), 'limner-lab-tests.csv');
  }

  #choose(cell: Cell | null): void {
    const task = this.#task;
    if (!task) return;
    this.#cell = cell;
    const indices = Array.from({ length: task.test.count }, (_, i) => i);
    const found = indices.filter(
      i => cell && task.test.label(i) === cell.label && this.#answers[i]?.found === cell.found,
    );
    this.#shown = (cell ? found : indices).slice(0, MAX_SHOWN);
    const [name = '', other = ''] = cell ? [task.classes[cell.label], task.classes[cell.found]] : [];
    this.#which.textContent = cell
      ? `${found.length} of class ${name} that the network calls ${other}.`
      : `The first ${this.#shown.length} of ${task.test.count}.`;
    this.#grid.request();
  }

  #pictures(): readonly GridPicture[] {
    const task = this.#task;
    if (!task) return [];
    return this.#shown.map(i => {
      const found = this.#answers[i]?.found;
      return {
        picture: () => task.test.picture(i),
        isRight: found === undefined ? undefined : found === task.test.label(i),
        text: found === undefined ? '' : (task.classes[found] ?? ''),
      };
    });
  }
}
