/** The surface that is raced on: of a formula, of the cars when they are there, or of MNIST when its plane is made. */
import { makeElement } from '../../shared/dom.ts';
import { errorMessage } from '../../shared/errors.ts';
import { fetchCarsOrDrawn } from '../data/pairs.ts';
import { CARS, type PairTable, rangeOf, toUnit } from '../data/table.ts';
import { makeAbout } from '../shell/explain.ts';
import { SURFACE_ABOUT } from './about.ts';
import { lineSurface } from './line-surface.ts';
import type { LossPlane } from './plane/loss-plane.ts';
import type { DescentSettings } from './settings.ts';
import { beale, himmelblau, ravine, rosenbrock, type Surface, saddle } from './surface.ts';

/** Before the network is trained: a slider may be on its way. */
const PLANE_DELAY_MS = 300;

const FIXED = { saddle, beale, rosenbrock, himmelblau } as const;
/** Settings of MNIST's plane. */
const OF_PLANE = ['first', 'second', 'run', 'seed'] as const;

export class CurrentSurface {
  /** What it is, and how far its plane is made. */
  readonly text = makeElement('p', 'hint surface');
  readonly planeText = makeElement('p', 'hint plane');
  #table: PairTable | null = null;
  #cars: Surface | null = null;
  /** Makes the surface of MNIST. */
  #plane: LossPlane | null = null;
  #planeTimer = 0;
  #surface: Surface | null = null;

  /** `onChange` is called when it becomes known, but not when a setting makes it another. */
  constructor(
    readonly settings: DescentSettings,
    readonly say: (sentence: string) => void,
    readonly onChange: () => void,
  ) {
    settings.listen(names => {
      if (names.has('on') || names.has('k')) this.#choose();
      else if (OF_PLANE.some(name => names.has(name))) this.#requestPlane();
    });
    void fetchCarsOrDrawn(say).then(table => this.#useTable(table));
    this.#choose();
  }

  /** Null while it is not known. */
  get surface(): Surface | null {
    return this.#surface;
  }

  /** Whether others have it, too: the page draws points where the cars are not there. */
  get isShared(): boolean {
    return this.settings.values.on !== 'cars' || this.#table?.name === CARS;
  }

  #useTable(table: PairTable): void {
    this.#table = table;
    const [x, y] = [rangeOf(table.x), rangeOf(table.y)];
    this.#cars = lineSurface({
      x: table.x.map(one => toUnit(x, one)),
      y: table.y.map(one => toUnit(y, one)),
    });
    if (this.settings.values.on !== 'cars') return;
    this.#choose();
    this.onChange();
  }

  #choose(): void {
    const { on, k } = this.settings.values;
    if (on === 'ravine') this.#surface = ravine(k);
    else if (on === 'cars') this.#surface = this.#cars;
    else if (on !== 'mnist') this.#surface = FIXED[on];
    this.#requestPlane();
    const table = this.#table;
    const source =
      on === 'cars' && table
        ? ` Here: ${table.name.toLowerCase()}, ${table.x.length} examples, ${table.xName} and ${table.yName} brought to 0…1.`
        : '';
    const about = SURFACE_ABOUT[on];
    this.text.textContent = about.what + source;
    this.text.append(' ', makeAbout('this surface', about));
  }

  /** Begins the plane of MNIST anew, or ends it where another surface is shown. */
  #requestPlane(): void {
    this.#stopPlane();
    this.planeText.textContent = '';
    if (this.settings.values.on !== 'mnist') return;
    this.#surface = null;
    this.#planeTimer = window.setTimeout(
      () => void this.#makePlane().catch(error => this.say(errorMessage(error))),
      PLANE_DELAY_MS,
    );
  }

  #stopPlane(): void {
    window.clearTimeout(this.#planeTimer);
    this.#planeTimer = 0;
    this.#plane?.destroy();
    this.#plane = null;
  }

  async #makePlane(): Promise<void> {
    const timer = this.#planeTimer;
    const { LossPlane } = await import('./plane/loss-plane.ts');
    // Another plane, or none, may be wanted by now, or when this one tells something.
    const isWanted = () => timer === this.#planeTimer;
    if (!isWanted()) return;
    const { first, second, run, seed } = this.settings.values;
    this.#plane = new LossPlane(
      { optimizers: [first, second], steps: run, seed },
      {
        onProgress: text => {
          if (isWanted()) this.planeText.textContent = text;
        },
        onSurface: surface => {
          if (!isWanted()) return;
          this.#surface = surface;
          this.onChange();
        },
        onFailed: reason => {
          if (!isWanted()) return;
          this.planeText.textContent = reason;
          this.say(reason);
        },
      },
    );
  }

  /** Another tab is shown: what is not made yet ends. */
  leave(): void {
    if (!this.#plane?.isDone) this.#stopPlane();
  }

  /** The tab is shown again. */
  enter(): void {
    if (!this.#plane) this.#requestPlane();
  }
}
