/** One slider for each value of a look that may be turned while it paints. */
import type { LookInfo } from '../../engine/index.ts';
import { button, element, make } from '../../shared/dom.ts';

const STEPS = 200;

interface Slider {
  name: string;
  row: HTMLElement;
  input: HTMLInputElement;
  usual: number;
  show: () => void;
}

export class Sliders {
  readonly #place = element('sliders');
  readonly #opener = button('light-button');
  readonly #reset = button('light-reset');
  readonly #onTurned: (name: string, value: number) => void;
  #sliders: Slider[] = [];

  constructor(onTurned: (name: string, value: number) => void) {
    this.#onTurned = onTurned;
    this.#opener.disabled = true;
    this.#reset.addEventListener('click', () => {
      for (const slider of this.#sliders) {
        slider.input.valueAsNumber = slider.usual;
        slider.show();
        this.#onTurned(slider.name, slider.usual);
      }
    });
  }

  /** Makes the sliders of this look, as it was made. */
  fit(live: LookInfo['live']): void {
    this.#sliders = Object.entries(live).map(([name, range]) => this.#make(name, range));
    this.#place.replaceChildren(...this.#sliders.map(slider => slider.row));
    this.#opener.disabled = this.#sliders.length === 0;
    if (this.#sliders.length === 0) element('light-panel').hidePopover?.();
  }

  #make(name: string, range: LookInfo['live'][string]): Slider {
    const row = make('label', 'row slider');
    const value = make('span', 'value');
    value.setAttribute('aria-hidden', 'true');
    const input = make('input');
    input.type = 'range';
    input.min = String(range.min);
    input.max = String(range.max);
    input.step = String((range.max - range.min) / STEPS);
    input.valueAsNumber = range.default;
    const show = () => {
      value.textContent = input.valueAsNumber.toFixed(2);
    };
    show();
    input.addEventListener('input', () => {
      show();
      this.#onTurned(name, input.valueAsNumber);
    });
    row.append(make('span', '', range.label || name), value, input);
    return { name, row, input, usual: range.default, show };
  }
}
