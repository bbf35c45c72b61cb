/** Controls that are bound to settings: each has a label and an explanation. */
import { makeElement } from '../../shared/dom.ts';
import { type About, makeAbout } from './explain.ts';
import { formatNumber, roundTo } from './format.ts';
import type { Bound } from './settings.ts';

export interface ControlText {
  readonly label: string;
  readonly about: About;
}

export interface SliderOptions extends ControlText {
  readonly least: number;
  readonly most: number;
  /** Whether equal ways on the slider are equal factors. */
  readonly isLog?: boolean;
  readonly isInteger?: boolean;
  readonly format?: (value: number) => string;
}

/** Places of a slider. */
const PLACES = 400;

let count = 0;

function makeRow(className: string, { label, about }: ControlText, control: HTMLElement): HTMLElement {
  control.id ||= `control-${count++}`;
  const row = makeElement('div', `control ${className}`);
  const head = makeElement('div', 'control-head');
  const text = makeElement('label', '', label);
  text.htmlFor = control.id;
  head.append(text, makeAbout(label, about, head));
  row.append(head, control);
  return row;
}

export function makeSlider(bound: Bound<number>, options: SliderOptions): HTMLElement {
  const { least, most, isLog = false, isInteger = false, format = formatNumber } = options;
  const input = makeElement('input');
  const value = makeElement('output');
  const forth = (x: number) => (isLog ? Math.log(x) : x);
  const back = (x: number) => (isLog ? Math.exp(x) : x);
  const [first, last] = [forth(least), forth(most)];
  const isStepped = isInteger && !isLog;
  Object.assign(input, {
    type: 'range',
    min: isStepped ? least : 0,
    max: isStepped ? most : PLACES,
    step: 1,
  });
  const valueAt = (place: number): number => {
    if (isStepped) return place;
    const found = back(first + ((last - first) * place) / PLACES);
    const near = Math.min(most, Math.max(least, found));
    return isInteger ? Math.round(near) : roundTo(near, 3);
  };
  input.addEventListener('input', () => bound.set(valueAt(input.valueAsNumber)));
  const show = () => {
    const current = bound.get();
    const place = isStepped ? current : Math.round((PLACES * (forth(current) - first)) / (last - first));
    // A place stands for several values, and must not change those of the address.
    if (valueAt(input.valueAsNumber) !== current) input.valueAsNumber = place;
    value.textContent = format(current);
    input.setAttribute('aria-valuetext', format(current));
  };
  bound.listen(show);
  const row = makeRow('slider', options, input);
  row.firstElementChild?.append(value);
  show();
  return row;
}

export function makeSelect<T extends string>(
  bound: Bound<T>,
  options: ControlText & { readonly choices: readonly (readonly [value: T, label: string])[] },
): HTMLElement {
  const select = makeElement('select');
  for (const [value, label] of options.choices) {
    const option = makeElement('option', '', label);
    option.value = value;
    select.append(option);
  }
  select.addEventListener('change', () => bound.set(select.value as T));
  const show = () => {
    select.value = bound.get();
  };
  bound.listen(show);
  show();
  return makeRow('select', options, select);
}

export function makeCheck(bound: Bound<boolean>, options: ControlText): HTMLElement {
  const input = makeElement('input');
  input.type = 'checkbox';
  input.addEventListener('change', () => bound.set(input.checked));
  const show = () => {
    input.checked = bound.get();
  };
  bound.listen(show);
  show();
  return makeRow('check', options, input);
}

/** A whole number that is typed, such as a seed. */
export function makeInteger(
  bound: Bound<number>,
  options: ControlText & { readonly least: number; readonly most: number },
): HTMLElement {
  const input = makeElement('input');
  Object.assign(input, { type: 'number', min: options.least, max: options.most, step: 1 });
  input.addEventListener('change', () => {
    const value = Math.round(input.valueAsNumber);
    if (value >= options.least && value <= options.most) bound.set(value);
    show();
  });
  const show = () => {
    input.valueAsNumber = bound.get();
  };
  bound.listen(show);
  show();
  return makeRow('integer', options, input);
}

export function makeButton(label: string, onClick: () => void, className = ''): HTMLButtonElement {
  const button = makeElement('button', className, label);
  button.type = 'button';
  button.addEventListener('click', onClick);
  return button;
}
