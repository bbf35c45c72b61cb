/** One slider for each live input of a look. */
import type { LookInfo } from '../../engine/index.ts';
import { getButton, getElement, makeElement } from '../../shared/dom.ts';

const SLIDER_STEPS = 200;
/** The reserved live input, which the render loop sets: the seconds since the last frame. */
const ELAPSED = 'elapsed';

export interface Slider {
  name: string;
  row: HTMLElement;
  input: HTMLInputElement;
  defaultValue: number;
  showValue: () => void;
}

type Live = LookInfo['live'][string];

export class Sliders {
  readonly #list = getElement('sliders');
  readonly #openButton = getButton('light-button');
  readonly #resetButton = getButton('light-reset');
  readonly #onChange: (name: string, value: number) => void;
  #sliders: Slider[] = [];

  constructor(onChange: (name: string, value: number) => void) {
    this.#onChange = onChange;
    this.#openButton.disabled = true;
    this.#resetButton.addEventListener('click', () => {
      for (const slider of this.#sliders) {
        slider.input.valueAsNumber = slider.defaultValue;
        slider.showValue();
        this.#onChange(slider.name, slider.defaultValue);
      }
    });
  }

  /** Makes the sliders for these live inputs, at their defaults. */
  setInputs(inputs: LookInfo['live']): void {
    this.#sliders = Object.entries(inputs)
      .filter(([name]) => name !== ELAPSED)
      .map(([name, liveInput]) => makeSlider(name, liveInput, value => this.#onChange(name, value)));
    this.#list.replaceChildren(...this.#sliders.map(slider => slider.row));
    this.#openButton.disabled = this.#sliders.length === 0;
    if (this.#sliders.length === 0) getElement('light-panel').hidePopover?.();
  }
}

/** A slider of a live input, at its default. */
export function makeSlider(name: string, liveInput: Live, onChange: (value: number) => void): Slider {
  const row = makeElement('label', 'row slider');
  const value = makeElement('span', 'value');
  value.setAttribute('aria-hidden', 'true');
  const input = makeElement('input');
  input.type = 'range';
  input.min = String(liveInput.min);
  input.max = String(liveInput.max);
  input.step = String((liveInput.max - liveInput.min) / SLIDER_STEPS);
  input.valueAsNumber = liveInput.default;
  const showValue = () => {
    value.textContent = input.valueAsNumber.toFixed(2);
  };
  showValue();
  input.addEventListener('input', () => {
    showValue();
    onChange(input.valueAsNumber);
  });
  row.append(makeElement('span', '', liveInput.label || name), value, input);
  return { name, row, input, defaultValue: liveInput.default, showValue };
}
