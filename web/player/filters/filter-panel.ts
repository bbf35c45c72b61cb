/**
 * The filters of the current look, below the sliders of the panel “Light”. At its default a filter is not in the look's
 * graph: when one leaves its default, or comes back to it, the look is painted in another form. So what is off costs
 * nothing. Fetched when the panel is opened.
 */
import { type Filter, readFilters, withFilters } from '../../engine/onnx/filters.ts';
import { getButton, getElement, makeElement } from '../../shared/dom.ts';
import { errorMessage } from '../../shared/errors.ts';
import type { LookLoader } from '../look-loader.ts';
import { readAnyLook } from '../painters/any-look.ts';
import type { AnyLook } from '../painters/painter.ts';
import type { RenderLoop } from '../render/render-loop.ts';
import type { Notifications } from '../ui/notifications.ts';
import { makeSlider } from '../ui/sliders.ts';

interface Parts {
  readonly notifications: Notifications;
  readonly renderLoop: RenderLoop;
  readonly lookLoader: LookLoader;
}

/** A filter's control. */
interface Control {
  readonly row: HTMLElement;
  readonly isOn: () => boolean;
  /** Shows the default. */
  readonly reset: () => void;
}

let panel: FilterPanel | null = null;

/** Shows the filters of the look that paints now; those of a look that is shown already stay as they are. */
export function showFilters(parts: Parts): void {
  panel ??= new FilterPanel(parts);
  panel.show();
}

class FilterPanel {
  readonly #parts: Parts;
  readonly #group = makeElement('section', 'filters');
  #look: AnyLook | null = null;
  readonly #controls = new Map<string, Control>();
  /** Those in the graph of the look that paints, or soon will; null if that is not known. */
  #names: readonly string[] | null = [];

  constructor(parts: Parts) {
    this.#parts = parts;
    getElement('sliders').after(this.#group);
    getButton('light-reset').addEventListener('click', () => this.#reset());
  }

  show(): void {
    const loaded = this.#parts.lookLoader.current;
    if (!loaded || loaded.look === this.#look) return;
    this.#look = loaded.look;
    this.#names = [];
    this.#controls.clear();
    for (const [name, filter] of Object.entries(readFilters(loaded.bytes)))
      this.#controls.set(name, this.#makeControl(name, filter));
    const rows = Array.from(this.#controls.values(), ({ row }) => row);
    this.#group.replaceChildren(...(rows.length > 0 ? [makeElement('h3', '', 'Filters'), ...rows] : []));
  }

  #makeControl(name: string, filter: Filter): Control {
    const change = (value: number) => {
      this.#parts.renderLoop.setLiveInput(name, value);
      this.#update();
    };
    if (filter.switch) {
      const row = makeElement('label', 'row');
      const input = makeElement('input');
      input.type = 'checkbox';
      input.addEventListener('change', () => change(input.checked ? filter.max : filter.default));
      row.append(makeElement('span', '', filter.label), input);
      return {
        row,
        isOn: () => input.checked,
        reset: () => {
          input.checked = false;
        },
      };
    }
    const { row, input, showValue } = makeSlider(name, filter, change);
    return {
      row,
      isOn: () => input.valueAsNumber !== filter.default,
      reset: () => {
        input.valueAsNumber = filter.default;
        showValue();
      },
    };
  }

  #reset(): void {
    for (const { reset } of this.#controls.values()) reset();
    this.#update();
  }

  /** Writes the filters that are on into the look's graph, if they are others than before. */
  #update(): void {
    const { lookLoader, notifications } = this.#parts;
    const loaded = lookLoader.current;
    if (loaded?.look !== this.#look) {
      this.show(); // another look came while the panel was open
      return;
    }
    const names = Array.from(this.#controls, ([name, { isOn }]) => (isOn() ? [name] : [])).flat();
    if (String(names) === String(this.#names)) return;
    this.#names = names;
    const make = async () => {
      if (names.length === 0) return null;
      const bytes = withFilters(loaded.bytes, names);
      return { look: await readAnyLook(bytes), bytes };
    };
    void lookLoader.setFiltered(make, error => {
      this.#names = null;
      notifications.alert(`This filter cannot be used here: ${errorMessage(error)}`);
    });
  }
}
