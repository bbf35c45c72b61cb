/** What the visitor may say about another program's network: its size, and the format of its pictures. */
import { getElement, makeElement } from '../../shared/dom.ts';
import { type Adapted, adapt, type FormatChoices } from '../painters/format/adapt.ts';
import { type Channels, RANGE_NAMES } from '../painters/format/picture-format.ts';
import { findPredictor } from '../painters/format/predictor.ts';
import type { Shape, Size, Sizes } from '../painters/format/sizes.ts';
import type { StyledLook } from '../painters/format/style.ts';
import type { Painter } from '../painters/painter.ts';
import type { PageParts } from './page-parts.ts';

// The page fetches all that such a network needs as one file, but for what finds the sizes of one that takes several.
export { PUBLISHED } from '../painters/format/adapt.ts';

/** What a look without a guide is shown as: another program's network, or one that paints in any style. */
export type AdaptedLook = Adapted | StyledLook;

/** As `adapt`, and in the style that the visitor chose. */
export const adaptLook = async (
  bytes: Uint8Array<ArrayBuffer>,
  said: FormatChoices,
  makePainter: (bytes: Uint8Array<ArrayBuffer>) => Promise<Painter>,
  known?: Sizes | null,
): Promise<AdaptedLook | null> => {
  const predictor = findPredictor(bytes);
  if (!predictor) return adapt(bytes, said, makePainter, known);
  return (await import('./style-form.ts')).applyStyle(bytes, predictor, said.style);
};

/** Shows the form in the panel of looks. `isPublished` leaves out what the publisher has said. A form that is there is
 * replaced, and the keyboard stays where it is. */
export function showFormatForm(
  adapted: AdaptedLook,
  isPublished: boolean,
  onSaid: (said: FormatChoices) => void,
  page: PageParts,
): void {
  if ('predictor' in adapted) {
    const { predictor } = adapted;
    void import('./style-form.ts').then(({ showStyleForm }) =>
      showStyleForm(predictor, page, style => onSaid({ style })),
    );
    return;
  }
  const { formats, layouts, sizes, size } = adapted;
  const { input, output } = formats;
  const said: FormatChoices = {
    ranges: { input: input.range, output: output.range },
    channels: { input: input.channels, output: output.channels },
    layout: input.layout,
    ...(sizes && { size }),
  };
  const form = makeElement('fieldset');
  form.id = 'format-form';
  form.append(makeElement('legend', 'hint', 'This network'));
  const add = <T extends string>(
    label: string,
    options: readonly T[],
    current: T,
    change: (value: T) => Partial<FormatChoices>,
  ) => {
    if (options.length < 2) return;
    const row = makeElement('label', 'row', label);
    const select = makeElement('select');
    select.name = label;
    select.append(
      ...options.map(value => {
        const option = makeElement('option', '', value);
        option.selected = value === current;
        return option;
      }),
    );
    select.addEventListener('change', () => onSaid({ ...said, ...change(select.value as T) }));
    row.append(select);
    form.append(row);
  };
  const shapes = sizes?.shapes ?? [];
  const shape = shapes.find(({ sizes }) => sizes.some(one => nameOf(one) === nameOf(size))) ?? shapes[0];
  if (shape) {
    add(
      'Shape',
      shapes.map(({ name }) => name),
      shape.name,
      name => ({ size: nearest(shapes.find(one => one.name === name) ?? shape, size) }),
    );
    add('Size', shape.sizes.map(nameOf), nameOf(size), name => ({
      size: shape.sizes.find(one => nameOf(one) === name) ?? size,
    }));
  }
  if (!isPublished) {
    add('Layout', layouts, input.layout, layout => ({ layout, size: undefined })); // other sides have other sizes
    add('Values it takes', RANGE_NAMES, input.range, value => ({
      ranges: { input: value, output: output.range },
    }));
    add('Values it gives', RANGE_NAMES, output.range, value => ({
      ranges: { input: input.range, output: value },
    }));
    add('Colours it takes', orders(input.channels), input.channels, value => ({
      channels: { input: value, output: output.channels },
    }));
    add('Colours it gives', orders(output.channels), output.channels, value => ({
      channels: { input: input.channels, output: value },
    }));
  }
  const focused = removeFormatForm();
  if (!form.querySelector('select')) return;
  getElement('look-open').before(form);
  if (focused) form.querySelector<HTMLSelectElement>(`[name="${focused}"]`)?.focus();
}

/** Removes the form, if it is there. Returns the name of the choice that the keyboard is at. */
function removeFormatForm(): string | undefined {
  const form = document.getElementById('format-form');
  const focused = form?.querySelector<HTMLSelectElement>('select:focus')?.name;
  form?.remove();
  return focused;
}

const nameOf = ({ width, height }: Size) => `${width} × ${height} px`;

/** The size of a shape whose longer side is nearest. */
const nearest = ({ sizes }: Shape, size: Size): Size => {
  const distance = ({ width, height }: Size) =>
    Math.abs(Math.max(width, height) - Math.max(size.width, size.height));
  return sizes.reduce((best, one) => (distance(one) < distance(best) ? one : best));
};

/** Only the order of three colours is unknown. */
const orders = (channels: Channels): Channels[] =>
  channels === 'RGB' || channels === 'BGR' ? ['RGB', 'BGR'] : [];
