/** In which form a network takes or gives a picture; limner/look/picture_format.py has the same words. */

/** The values of black and of white. */
export const RANGES = { '0..1': [0, 1], '-1..1': [-1, 1], '0..255': [0, 255] } as const;
export type Range = keyof typeof RANGES;
export const RANGE_NAMES = Object.keys(RANGES) as Range[];

export type Layout = 'NCHW' | 'NHWC';
export type Channels = 'RGB' | 'BGR' | 'grey' | 'RGBA';

export interface PictureFormat {
  readonly range: Range;
  readonly layout: Layout;
  readonly channels: Channels;
}

export interface Formats {
  readonly input: PictureFormat;
  readonly output: PictureFormat;
}

const PLAIN: PictureFormat = { range: '0..1', layout: 'NCHW', channels: 'RGB' };

/** What the channels are, by their number. */
export const CHANNELS: Readonly<Record<number, Channels>> = { 1: 'grey', 3: 'RGB', 4: 'RGBA' };

export const channelCount = (channels: Channels): number =>
  channels === 'grey' ? 1 : channels === 'RGBA' ? 4 : 3;

/** The range, and what else differs from a look's picture. */
const describe = ({ range, layout, channels }: PictureFormat) =>
  [range, ...[layout, channels].filter(word => word !== PLAIN.layout && word !== PLAIN.channels)].join(', ');

/** Whether both pictures are those of a look. */
export const isPlain = ({ input, output }: Formats): boolean =>
  describe(input) === describe(PLAIN) && describe(output) === describe(PLAIN);

/** The rest of a sentence, such as "takes and gives 0..255, NHWC". */
export function describeFormats({ input, output }: Formats): string {
  const [taken, given] = [describe(input), describe(output)];
  return taken === given ? `takes and gives ${taken}` : `takes ${taken} and gives ${given}`;
}
