/** The plot of the losses, and the figures below it. */
import { makeElement } from '../../shared/dom.ts';
import { makeCurve } from './curve.ts';
import type { Session } from './session.ts';

const NAMESPACE = 'http://www.w3.org/2000/svg';
const [WIDTH, HEIGHT] = [320, 72];
/** Fewer than steps soon: single losses depend much on their pictures. */
const MAX_POINTS = 40;
/** Half a line's width, so that it is not cut off. */
const EDGE = 2;

export class LossPlot {
  readonly element = makeElement('figure', 'loss-plot');
  readonly #plot = document.createElementNS(NAMESPACE, 'svg');
  readonly #line = document.createElementNS(NAMESPACE, 'path');
  readonly #area = document.createElementNS(NAMESPACE, 'path');
  readonly #figures = {
    step: makeElement('dd', '', '–'),
    loss: makeElement('dd', '', '–'),
    rate: makeElement('dd', '', '–'),
    place: makeElement('dd', '', '–'),
  };

  constructor() {
    this.#plot.setAttribute('viewBox', `0 0 ${WIDTH} ${HEIGHT}`);
    this.#plot.setAttribute('preserveAspectRatio', 'none');
    this.#plot.setAttribute('role', 'img');
    this.#area.classList.add('area');
    this.#plot.append(this.#area, this.#line);
    const list = makeElement('dl');
    const { step, loss, rate, place } = this.#figures;
    const rows = [
      ['step', step],
      ['loss', loss],
      ['steps/s', rate],
      ['on', place],
    ] as const;
    for (const [name, value] of rows) {
      const row = makeElement('div');
      row.append(makeElement('dt', '', name), value);
      list.append(row);
    }
    this.element.append(this.#plot, list);
    this.show(null);
  }

  show(session: Session | null): void {
    const losses = session?.losses ?? [];
    const { points, least, most } = makeCurve(losses, MAX_POINTS);
    const places = points.map(([x, y]) => [x * WIDTH, EDGE + (1 - y) * (HEIGHT - 2 * EDGE)].map(Math.round));
    const line = places.length > 1 ? `M${places.map(place => place.join(' ')).join('L')}` : '';
    this.#line.setAttribute('d', line);
    this.#area.setAttribute('d', line && `${line}V${HEIGHT}H0Z`);
    const last = points.length > 0 ? recentMean(losses) : null;
    const said =
      last === null
        ? 'No loss yet'
        : `The loss over ${losses.length} steps: ${digits(last)} now, between ${digits(least)} and ${digits(most)}`;
    this.#plot.setAttribute('aria-label', said);
    const rate = session?.stepsPerSecond ?? null;
    this.#figures.step.textContent = session ? String(session.steps) : '–';
    this.#figures.loss.textContent = last === null ? '–' : digits(last);
    this.#figures.rate.textContent = rate === null ? '–' : rate.toPrecision(2);
    this.#figures.place.textContent = session?.place || '–';
  }
}

const RECENT = 10;

/** A single loss depends much on the pictures of its step. */
export function recentMean(losses: readonly number[]): number {
  const recent = losses.slice(-RECENT);
  return recent.reduce((sum, loss) => sum + loss, 0) / recent.length;
}

const digits = (loss: number): string => (loss >= 1e-4 ? loss.toFixed(4) : loss.toExponential(1));
