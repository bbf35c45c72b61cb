/** The painting, at any size: it zooms and moves by wheel, pointer and keys, and is drawn anew for what is seen. */
import { makeElement } from '../../shared/dom.ts';
import { FittedCanvas } from '../plot/fitted-canvas.ts';
import type { Scene } from './draw-protocol.ts';
import type { Drawer } from './drawer.ts';
import type { View } from './evaluate.ts';
import { multiplyAdds } from './network.ts';

/** A touch that moves farther is a drag. */
const TOUCH_PX = 4;
/** Milliseconds that a drawing may take: while the network changes, and when it stands still. */
const [BUDGET_MS, STILL_MS] = [50, 1500];
const STILL_AFTER_MS = 300;
const [MIN_SIDE, MAX_SIDE] = [96, 1536];

/** Products in a millisecond, as the last drawing had them; the same worker draws all paintings. */
let speed = 1e5;

/** Where one looks: times that the picture is enlarged, and what is in the middle. */
export interface Viewport {
  readonly zoom: number;
  readonly at: readonly [number, number];
}

export const viewOf = ({ zoom, at: [x, y] }: Viewport): View => [
  x - 1 / zoom,
  y - 1 / zoom,
  x + 1 / zoom,
  y + 1 / zoom,
];

export class PaintingView {
  readonly view: FittedCanvas;
  #bitmap: ImageBitmap | null = null;
  #isBusy = false;
  #isDue = false;
  #timer = 0;

  constructor(
    label: string,
    readonly drawer: Drawer,
    readonly scene: () => Scene | null,
    readonly viewport: () => Viewport,
  ) {
    this.view = new FittedCanvas('painting', label, (context, width, height) => {
      context.imageSmoothingQuality = 'high';
      if (this.#bitmap) context.drawImage(this.#bitmap, 0, 0, width, height);
    });
  }

  /** Draws soon, and once more finely if nothing follows. */
  request(): void {
    window.clearTimeout(this.#timer);
    this.#timer = window.setTimeout(() => void this.#draw(STILL_MS), STILL_AFTER_MS);
    void this.#draw(BUDGET_MS);
  }

  async #draw(budget: number): Promise<void> {
    const { canvas } = this.view;
    const scene = this.scene();
    if (!scene || !canvas.isConnected) return;
    if (this.#isBusy) {
      this.#isDue = true;
      return;
    }
    this.#isBusy = true;
    const products = multiplyAdds(scene.network);
    const full = Math.min(MAX_SIDE, canvas.clientWidth * devicePixelRatio);
    const side = Math.round(Math.max(MIN_SIDE, Math.min(full, Math.sqrt((budget * speed) / products))));
    try {
      const { bitmap, milliseconds } = await this.drawer.draw(scene, viewOf(this.viewport()), side);
      this.#bitmap?.close();
      this.#bitmap = bitmap;
      speed = 0.7 * speed + (0.3 * (products * side * side)) / Math.max(1, milliseconds);
      this.view.request();
    } catch (error) {
      this.drawer.fail(error);
    } finally {
      this.#isBusy = false;
      if (this.#isDue) {
        this.#isDue = false;
        this.request();
      }
    }
  }
}

/** Lets one zoom, move and touch a painting. */
export function bindViewport(
  { canvas }: FittedCanvas,
  viewport: () => Viewport,
  most: number,
  onMove: (viewport: Viewport) => void,
  onTouch: (at: Viewport['at']) => void,
): HTMLElement {
  const frame = makeElement('div', 'looked-at');
  frame.tabIndex = 0;
  frame.setAttribute('role', 'group');
  frame.setAttribute(
    'aria-label',
    'The painting. Plus and minus zoom, arrow keys move, Home shows all of it, Enter touches its middle.',
  );
  frame.append(canvas);
  const tell = (zoom: number, [x, y]: readonly [number, number]) => {
    const near = Math.min(most, Math.max(1, zoom));
    const edge = 1 - 1 / near;
    const inside = (value: number) => Number(Math.min(edge, Math.max(-edge, value)).toPrecision(4));
    onMove({ zoom: Number(near.toPrecision(3)), at: [inside(x), inside(y)] });
  };
  /** Zooms so that the place under the pointer stays there; `x` and `y` are -1 to 1 on the canvas. */
  const zoomAt = (factor: number, x: number, y: number) => {
    const { zoom, at } = viewport();
    const next = Math.min(most, Math.max(1, zoom * factor));
    tell(next, [at[0] + x / zoom - x / next, at[1] + y / zoom - y / next]);
  };
  /** The place of a pointer, -1 to 1 on the canvas. */
  const placeOn = ({ clientX, clientY }: MouseEvent): [number, number] => {
    const { left, top, width, height } = canvas.getBoundingClientRect();
    return [(2 * (clientX - left)) / width - 1, (2 * (clientY - top)) / height - 1];
  };
  const touch = (x: number, y: number) => {
    const { zoom, at } = viewport();
    onTouch([at[0] + x / zoom, at[1] + y / zoom]);
  };
  frame.addEventListener(
    'wheel',
    event => {
      event.preventDefault();
      zoomAt(Math.exp(-event.deltaY / 300), ...placeOn(event));
    },
    { passive: false },
  );
  let drag: { readonly first: PointerEvent; last: PointerEvent; isFar: boolean } | null = null;
  frame.addEventListener('pointerdown', event => {
    if (!event.isPrimary || event.button !== 0) return;
    drag = { first: event, last: event, isFar: false };
    if (viewport().zoom > 1) frame.setPointerCapture(event.pointerId);
  });
  frame.addEventListener('pointermove', event => {
    if (!drag) return;
    const { first, last } = drag;
    drag.last = event;
    drag.isFar ||= Math.hypot(event.clientX - first.clientX, event.clientY - first.clientY) > TOUCH_PX;
    const { zoom, at } = viewport();
    if (zoom === 1 || !drag.isFar) return;
    const scale = 2 / zoom / canvas.clientWidth;
    tell(zoom, [
      at[0] - (event.clientX - last.clientX) * scale,
      at[1] - (event.clientY - last.clientY) * scale,
    ]);
  });
  frame.addEventListener('pointerup', event => {
    if (drag && !drag.isFar) touch(...placeOn(event));
    drag = null;
  });
  frame.addEventListener('pointercancel', () => {
    drag = null;
  });
  frame.addEventListener('keydown', event => {
    const { zoom, at } = viewport();
    const move = 0.2 / zoom;
    const keys: Record<string, () => void> = {
      '+': () => zoomAt(1.25, 0, 0),
      '=': () => zoomAt(1.25, 0, 0),
      '-': () => zoomAt(0.8, 0, 0),
      Home: () => tell(1, [0, 0]),
      Enter: () => touch(0, 0),
      ArrowLeft: () => tell(zoom, [at[0] - move, at[1]]),
      ArrowRight: () => tell(zoom, [at[0] + move, at[1]]),
      ArrowUp: () => tell(zoom, [at[0], at[1] - move]),
      ArrowDown: () => tell(zoom, [at[0], at[1] + move]),
    };
    const act = keys[event.key];
    if (!act) return;
    event.preventDefault();
    act();
  });
  return frame;
}
