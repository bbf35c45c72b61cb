/** The list of racers: who takes part, and the learning rate of each. */
import { makeElement } from '../../shared/dom.ts';
import { makeAbout } from '../shell/explain.ts';
import { formatNumber, roundTo } from '../shell/format.ts';
import { onTheme } from '../shell/theme.ts';
import { MUON_ABOUT, RACER_ABOUT } from './about.ts';
import { colorOf } from './map-view.ts';
import { RACERS, type Racer, type RacerName } from './racers.ts';

const PLACES = 200;
const NAMESPACE = 'http://www.w3.org/2000/svg';

export interface RacerListContent {
  readonly who: readonly RacerName[];
  rateOf(racer: Racer): number;
  /** The loss of each at the current step; undefined for those that do not race. */
  lossOf(racer: Racer): number | undefined;
}

interface Row {
  readonly racer: Racer;
  readonly element: HTMLElement;
  readonly box: HTMLInputElement;
  readonly slider: HTMLInputElement;
  readonly rate: HTMLElement;
  readonly loss: HTMLElement;
}

export class RacerList {
  readonly element = makeElement('div', 'racers');
  readonly #rows: readonly Row[];

  constructor(
    readonly content: () => RacerListContent,
    readonly onToggle: (name: RacerName, isIn: boolean) => void,
    readonly onRate: (name: RacerName, rate: number) => void,
  ) {
    this.#rows = RACERS.map(racer => this.#makeRow(racer));
    this.element.append(...this.#rows.map(({ element }) => element), makeMuonRow());
  }

  #makeRow(racer: Racer): Row {
    const element = makeElement('div', 'racer');
    const label = makeElement('label');
    const box = makeElement('input');
    box.type = 'checkbox';
    box.addEventListener('change', () => this.onToggle(racer.name, box.checked));
    label.append(box, makeSample(racer), makeElement('span', '', racer.label));
    const slider = makeElement('input');
    Object.assign(slider, { type: 'range', min: 0, max: PLACES, step: 1 });
    slider.setAttribute('aria-label', `Learning rate of ${racer.label}`);
    const [first, last] = racer.range.map(Math.log) as [number, number];
    slider.addEventListener('input', () => {
      this.onRate(racer.name, roundTo(Math.exp(first + ((last - first) * slider.valueAsNumber) / PLACES), 2));
    });
    const [rate, loss] = [makeElement('output', 'rate'), makeElement('span', 'loss')];
    element.append(label, makeAbout(racer.label, RACER_ABOUT[racer.name], label), loss, slider, rate);
    return { racer, element, box, slider, rate, loss };
  }

  /** Where settings have changed. */
  show(): void {
    const { who, rateOf } = this.content();
    for (const { racer, element, box, slider, rate } of this.#rows) {
      const isIn = who.includes(racer.name);
      element.classList.toggle('out', !isIn);
      box.checked = isIn;
      const current = rateOf(racer);
      const [first, last] = racer.range.map(Math.log) as [number, number];
      const text = formatNumber(current);
      slider.valueAsNumber = Math.round((PLACES * (Math.log(current) - first)) / (last - first));
      slider.setAttribute('aria-valuetext', text);
      rate.textContent = text;
    }
    this.showLosses();
  }

  /** At another step. */
  showLosses(): void {
    const { lossOf } = this.content();
    for (const { racer, loss } of this.#rows) {
      const value = lossOf(racer);
      loss.textContent = value === undefined ? '' : formatNumber(value);
    }
  }
}

/** Muon, and why it does not race. */
function makeMuonRow(): HTMLElement {
  const element = makeElement('div', 'racer out absent');
  const name = makeElement('span', '', 'Muon');
  const why = makeElement('span', 'loss', 'moves matrices: a place is none');
  element.append(name, makeAbout('Muon', MUON_ABOUT, name), why);
  return element;
}

/** A piece of the trail: its colour and its dash. */
function makeSample(racer: Racer): SVGElement {
  const svg = document.createElementNS(NAMESPACE, 'svg');
  const line = document.createElementNS(NAMESPACE, 'path');
  svg.setAttribute('viewBox', '0 0 32 8');
  svg.setAttribute('aria-hidden', 'true');
  line.setAttribute('d', 'M2 4H30');
  line.setAttribute('stroke-dasharray', racer.dash.join(' '));
  const paint = (path: SVGElement) => path.setAttribute('stroke', colorOf(racer));
  paint(line);
  onTheme(line, paint);
  svg.append(line);
  return svg;
}
