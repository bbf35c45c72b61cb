/** Computes a network of a place on the CPU: for the pictures of its neurons, and where there is no WebGL2. */
import {
  type Activation,
  GRID_CHANNELS,
  gridName,
  namesOf,
  type PixelNetwork,
  type Weights,
} from './network.ts';

const APPLY: Readonly<Record<Activation, (x: number) => number>> = {
  sigmoid: x => 1 / (1 + Math.exp(-x)),
  tanh: Math.tanh,
  relu: x => Math.max(0, x),
  step: x => (x > 0 ? 1 : 0),
  identity: x => x,
  sine: Math.sin,
};

/** The part of the plane that is drawn; the picture is -1 to 1 both ways, with y downwards. */
export type View = readonly [left: number, top: number, right: number, bottom: number];

/** Two more numbers that a CPPN is given. */
export type Latent = readonly [number, number];

/** The numbers of the middles of width x height pixels: those of the network's inputs, one after the other. */
export function placesOf(
  { inputs }: PixelNetwork,
  [left, top, right, bottom]: View,
  width: number,
  height: number,
  latent: Latent,
): Float32Array {
  const count = width * height;
  const places = new Float32Array(inputs * count);
  for (let i = 0; i < count; i++) {
    const x = left + ((right - left) * ((i % width) + 0.5)) / width;
    const y = top + ((bottom - top) * (Math.floor(i / width) + 0.5)) / height;
    const all = [x, y, Math.hypot(x, y), ...latent];
    for (let input = 0; input < inputs; input++) places[input * count + i] = all[input] ?? 0;
  }
  return places;
}

/** What each layer makes of `count` places: its units by the places. Grids come first, if there are any. */
export function activationsOf(
  network: PixelNetwork,
  weights: Weights,
  places: Float32Array,
  count: number,
): Float32Array[] {
  const made: Float32Array[] = [];
  let values = places;
  if (network.grids.length > 0) {
    values = new Float32Array(network.grids.length * GRID_CHANNELS * count);
    network.grids.forEach((side, i) => {
      const own = values.subarray(i * GRID_CHANNELS * count, (i + 1) * GRID_CHANNELS * count);
      readGrid(weights.get(gridName(side)) ?? new Float32Array(), side, places, count, own);
    });
    made.push(values);
  }
  for (const one of network.layers) {
    const [weight, bias] = namesOf(one).map(name => weights.get(name));
    const to = new Float32Array(one.to * count);
    for (let unit = 0; unit < one.to; unit++) {
      const row = to.subarray(unit * count, (unit + 1) * count).fill(bias?.[unit] ?? 0);
      for (let input = 0; input < one.from; input++) {
        const factor = weight?.[unit * one.from + input] ?? 0;
        for (let i = 0; i < count; i++) row[i] = (row[i] ?? 0) + factor * (values[input * count + i] ?? 0);
      }
      const apply = APPLY[one.act];
      for (let i = 0; i < count; i++) row[i] = apply(one.factor * (row[i] ?? 0));
    }
    made.push(to);
    values = to;
  }
  return made;
}

function readGrid(
  table: Float32Array,
  side: number,
  places: Float32Array,
  count: number,
  to: Float32Array,
): void {
  const most = side - 1;
  const along = (value: number) => Math.min(most, Math.max(0, ((value + 1) / 2) * most));
  for (let i = 0; i < count; i++) {
    const [x, y] = [along(places[i] ?? 0), along(places[count + i] ?? 0)];
    const [left, top] = [Math.min(most - 1, Math.floor(x)), Math.min(most - 1, Math.floor(y))];
    const [fx, fy] = [x - left, y - top];
    for (let channel = 0; channel < GRID_CHANNELS; channel++) {
      const at = (channel * side + top) * side + left;
      const upper = (table[at] ?? 0) * (1 - fx) + (table[at + 1] ?? 0) * fx;
      const lower = (table[at + side] ?? 0) * (1 - fx) + (table[at + side + 1] ?? 0) * fx;
      to[channel * count + i] = upper * (1 - fy) + lower * fy;
    }
  }
}
