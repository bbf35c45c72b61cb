/** One slider for each live input of a look. */
import type { LookInfo } from '../../engine/index.ts';
import { getButton, getElement, makeElement } from '../../shared/dom.ts';

const SLIDER_STEPS = 200;

interface Slider {
  name: string;
  row: HTMLElement;
  input: HTMLInputElement;
  defaultValue: number;
  showValue: () => void;
}

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
    this.#sliders = Object.entries(inputs).map(([name, liveInput]) => this.#makeSlider(name, liveInput));
    this.#list.replaceChildren(...this.#sliders.map(slider => slider.row));
    this.#openButton.disabled = this.#sliders.length === 0;
    if (this.#sliders.length === 0) getElement('light-panel').hidePopover?.();
  }

  #makeSlider(name: string, liveInput: LookInfo['live'][string]): Slider {
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
      this.#onChange(name, input.valueAsNumber);
    });
    row.append(makeElement('span', '', liveInput.label || name), value, input);
    return { name, row, input, defaultValue: liveInput.default, showValue };
  }
}
