/** What the visitor may say about another program's network: its size, and the format of its pictures. */
import { getElement, makeElement } from '../../shared/dom.ts';
import type { Adapted, Said } from '../painters/format/adapt.ts';
import { type Channels, RANGE_NAMES } from '../painters/format/picture-format.ts';

// The page fetches all that such a network needs as one file.
export { adapt, PUBLISHED } from '../painters/format/adapt.ts';

/** Shows the form in the panel of looks. `isPublished` leaves out what the publisher has said. */
export function showFormatForm(adapted: Adapted, isPublished: boolean, onSaid: (said: Said) => void): void {
  const { formats, sizes, pixels } = adapted;
  const { input, output } = formats;
  let said: Required<Said> = {
    ranges: { input: input.range, output: output.range },
    channels: { input: input.channels, output: output.channels },
    pixels,
  };
  const form = makeElement('fieldset');
  form.id = 'format-form';
  form.append(makeElement('legend', 'hint', 'This network'));
  const add = <T extends string>(
    label: string,
    options: readonly T[],
    current: T,
    change: (value: T) => Partial<Said>,
  ) => {
    if (options.length < 2) return;
    const row = makeElement('label', 'row', label);
    const select = makeElement('select');
    select.append(
      ...options.map(value => {
        const option = makeElement('option', '', value);
        option.selected = value === current;
        return option;
      }),
    );
    select.addEventListener('change', () => {
      said = { ...said, ...change(select.value as T) };
      onSaid(sizes.length > 0 ? said : { ranges: said.ranges, channels: said.channels });
    });
    row.append(select);
    form.append(row);
  };
  const side = (value: number) => `${value} px`;
  add('Size', sizes.map(side), side(pixels), value => ({ pixels: Number.parseInt(value, 10) }));
  if (!isPublished) {
    add('Values it takes', RANGE_NAMES, input.range, value => ({ ranges: { ...said.ranges, input: value } }));
    add('Values it gives', RANGE_NAMES, output.range, value => ({
      ranges: { ...said.ranges, output: value },
    }));
    add('Colours it takes', orders(input.channels), input.channels, value => ({
      channels: { ...said.channels, input: value },
    }));
    add('Colours it gives', orders(output.channels), output.channels, value => ({
      channels: { ...said.channels, output: value },
    }));
  }
  if (form.querySelector('select')) getElement('look-open').before(form);
}

/** Only the order of three colours is unknown. */
const orders = (channels: Channels): Channels[] =>
  channels === 'RGB' || channels === 'BGR' ? ['RGB', 'BGR'] : [];
