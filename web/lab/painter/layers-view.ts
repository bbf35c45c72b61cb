/** The layers of the network: a picture of what each unit answers over the whole painting. A click takes a unit out. */
import { getContext2d } from '../../shared/canvas.ts';
import { makeElement } from '../../shared/dom.ts';
import { signColor } from '../network/strip.ts';
import { FittedCanvas } from '../plot/fitted-canvas.ts';
import { makeCard } from '../shell/bench.ts';
import { makeButton } from '../shell/controls.ts';
import { formatCount } from '../shell/format.ts';
import { LAYER_ABOUT } from './about.ts';
import type { Scene } from './draw-protocol.ts';
import type { Drawer } from './drawer.ts';
import { GRID_CHANNELS, gridNumbers, type PixelNetwork } from './network.ts';
import { quarterOf } from './run.ts';

const SIDE = 24;
const GAP = 2;
const COLUMNS = 16;
/** Colours of -1 to 1. */
const SHADES = 256;

export interface LayerHooks {
  readonly scene: () => Scene | null;
  /** Layers that are not learned now. */
  readonly isFrozen: (name: string) => boolean;
  /** Null where nothing can be frozen. */
  readonly freeze: ((name: string, isFrozen: boolean) => void) | null;
  /** Takes units of a layer out; null where they cannot be. */
  readonly tear: ((layer: number, units: readonly number[]) => void) | null;
}

export class LayersView {
  readonly element = makeElement('div', 'layers');
  #canvases: readonly FittedCanvas[] = [];
  #maps: readonly Float32Array[] = [];
  #isBusy = false;
  #isDue = false;

  constructor(readonly drawer: Drawer) {}

  /** Shows the layers of a network. */
  show(network: PixelNetwork, hooks: LayerHooks): void {
    this.#hooks = hooks;
    const { grids, layers } = network;
    const cards: HTMLElement[] = [];
    const canvases: FittedCanvas[] = [];
    const add = (card: [HTMLElement, FittedCanvas]) => {
      cards.push(card[0]);
      canvases.push(card[1]);
    };
    if (grids.length > 0) {
      const text = `${grids.join(', ')} nodes wide · ${formatCount(gridNumbers(network))} numbers`;
      add(
        this.#makeCard('grids', 'Grids', LAYER_ABOUT.grids, text, grids.length * GRID_CHANNELS, 0, -1, {
          ...hooks,
          tear: null,
        }),
      );
    }
    const first = canvases.length;
    layers.slice(0, -1).forEach((layer, i) => {
      const { name, from, to, act, isFixed } = layer;
      const title = isFixed
        ? 'Fourier features'
        : `Hidden layer${layers.length > 2 ? ` ${name.slice(6)}` : ''}`;
      const text = `${from} → ${to}, ${act}${isFixed ? ', drawn once' : ` · ${formatCount((from + 1) * to)} numbers`}`;
      const about = isFixed ? LAYER_ABOUT.fourier : act === 'sine' ? LAYER_ABOUT.sine : LAYER_ABOUT.hidden;
      const own = isFixed ? { ...hooks, freeze: null, tear: null } : hooks;
      add(this.#makeCard(name, title, about, text, to, first + i, i, own));
    });
    this.#canvases = canvases;
    this.#maps = [];
    this.element.replaceChildren(...cards);
  }

  #hooks: LayerHooks | null = null;

  #makeCard(
    name: string,
    title: string,
    about: (typeof LAYER_ABOUT)[keyof typeof LAYER_ABOUT],
    text: string,
    units: number,
    map: number,
    layer: number,
    { isFrozen, freeze, tear }: LayerHooks,
  ): [HTMLElement, FittedCanvas] {
    const columns = Math.min(COLUMNS, units);
    const rows = Math.ceil(units / columns);
    const view = new FittedCanvas(
      'maps',
      `${title}: what each of ${units} units answers over the picture`,
      (context, width, height) => drawMaps(context, width, height, this.#maps[map], columns, rows),
    );
    view.canvas.style.aspectRatio = `${columns} / ${rows}`;
    const card = makeCard(title, about, view.canvas);
    card.firstElementChild?.append(makeElement('span', 'figure', text));
    const choices = makeElement('div', 'choices');
    if (freeze) {
      const button = makeButton('Freeze', () => {
        freeze(name, !isFrozen(name));
        button.setAttribute('aria-pressed', String(isFrozen(name)));
      });
      button.setAttribute('aria-pressed', String(isFrozen(name)));
      choices.append(button);
    }
    if (tear) {
      let turn = 0;
      choices.append(makeButton('Tear out a quarter', () => tear(layer, quarterOf(units, turn++))));
      view.canvas.classList.add('torn');
      view.canvas.addEventListener('click', ({ offsetX, offsetY }) => {
        const { clientWidth, clientHeight } = view.canvas;
        const unit =
          Math.floor((offsetY / clientHeight) * rows) * columns +
          Math.floor((offsetX / clientWidth) * columns);
        if (unit < units) tear(layer, [unit]);
      });
    }
    if (choices.childElementCount > 0) card.append(choices);
    return [card, view];
  }

  /** Draws them with the weights as they are now. */
  request(): void {
    const scene = this.#hooks?.scene();
    this.#isDue = this.#isBusy;
    if (!scene || this.#isBusy) return;
    this.#isBusy = true;
    void this.drawer
      .maps(scene, SIDE)
      .then(maps => {
        this.#maps = maps;
        for (const canvas of this.#canvases) canvas.request();
      })
      .catch(this.drawer.fail)
      .finally(() => {
        this.#isBusy = false;
        if (this.#isDue) this.request();
      });
  }
}

/** Each unit by itself: blue below zero, orange above it, by the largest of its answers. */
function drawMaps(
  context: CanvasRenderingContext2D,
  width: number,
  height: number,
  values: Float32Array | undefined,
  columns: number,
  rows: number,
): void {
  if (!values) return;
  const shades = new Uint32Array(SHADES + 1);
  for (let i = 0; i <= SHADES; i++) {
    const [r, g, b] = signColor((2 * i) / SHADES - 1);
    shades[i] = (255 << 24) | (b << 16) | (g << 8) | r;
  }
  const canvas = makeElement('canvas');
  const cell = SIDE + GAP;
  canvas.width = columns * cell;
  canvas.height = rows * cell;
  const own = getContext2d(canvas);
  const image = own.createImageData(canvas.width, canvas.height);
  const pixels = new Uint32Array(image.data.buffer);
  const plane = SIDE * SIDE;
  for (let unit = 0; unit < values.length / plane; unit++) {
    let most = 1e-9;
    for (let i = unit * plane; i < (unit + 1) * plane; i++) most = Math.max(most, Math.abs(values[i] ?? 0));
    const at = Math.floor(unit / columns) * cell * canvas.width + (unit % columns) * cell;
    for (let i = 0; i < plane; i++) {
      const shade = Math.round((((values[unit * plane + i] ?? 0) / most + 1) / 2) * SHADES);
      pixels[at + Math.floor(i / SIDE) * canvas.width + (i % SIDE)] = shades[shade] ?? 0;
    }
  }
  own.putImageData(image, 0, 0);
  context.imageSmoothingEnabled = true;
  context.drawImage(canvas, 0, 0, width, height);
}
