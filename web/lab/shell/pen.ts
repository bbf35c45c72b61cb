/** A pen on a canvas: by mouse, finger or stylus, and by keys for those who use none of them. */
import { makeElement } from '../../shared/dom.ts';

/** From 0 to 1 both ways, with y downwards. */
type Place = readonly [x: number, y: number];

/** What an arrow key moves the pen by, and with Shift. */
const [WAY, FINE_WAY] = [1 / 32, 1 / 160];
const WAYS: Readonly<Record<string, Place>> = {
  ArrowLeft: [-1, 0],
  ArrowRight: [1, 0],
  ArrowUp: [0, -1],
  ArrowDown: [0, 1],
};

/** Lets one draw on a canvas. `name` is a sentence on it. `draw` gets the ends of each piece of a stroke; those of the first piece
 * are the same. Returns the canvas with the mark of the pen on it, which has the focus for keys. */
export function bindPen(
  canvas: HTMLCanvasElement,
  name: string,
  draw: (from: Place, to: Place) => void,
): HTMLElement {
  const frame = makeElement('div', 'pen-frame');
  frame.tabIndex = 0;
  // A screen reader leaves the arrow keys to it.
  frame.setAttribute('role', 'application');
  frame.setAttribute(
    'aria-label',
    `${name} Arrow keys move a pen, with Shift finely. Space or Enter puts it down and lifts it.`,
  );
  const mark = makeElement('span', 'pen');
  const said = makeElement('span', 'visually-hidden');
  said.setAttribute('role', 'status');
  frame.append(canvas, mark, said);
  bindPointer(canvas, draw);
  bindKeys(frame, draw, ([x, y], isDown) => {
    mark.style.left = `${100 * x}%`;
    mark.style.top = `${100 * y}%`;
    mark.classList.toggle('down', isDown);
    const [right, below] = [x, y].map(one => Math.round(100 * one));
    said.textContent = `Pen ${isDown ? 'down' : 'up'}, ${right} % from the left, ${below} % from the top`;
  });
  return frame;
}

function bindPointer(canvas: HTMLCanvasElement, draw: (from: Place, to: Place) => void): void {
  let last: Place | null = null;
  const stroke = ({ clientX, clientY }: PointerEvent) => {
    const { left, top, width, height } = canvas.getBoundingClientRect();
    const to: Place = [(clientX - left) / width, (clientY - top) / height];
    draw(last ?? to, to);
    last = to;
  };
  canvas.addEventListener('pointerdown', event => {
    // A second finger would be joined with the first by a line.
    if (event.button !== 0 || !event.isPrimary) return;
    canvas.setPointerCapture(event.pointerId);
    stroke(event);
  });
  canvas.addEventListener('pointermove', event => {
    if (last && event.isPrimary) stroke(event);
  });
  // It ends each stroke, also one that a menu interrupts.
  canvas.addEventListener('lostpointercapture', event => {
    if (event.isPrimary) last = null;
  });
}

function bindKeys(
  frame: HTMLElement,
  draw: (from: Place, to: Place) => void,
  show: (at: Place, isDown: boolean) => void,
): void {
  let at: Place = [0.5, 0.5];
  let isDown = false;
  frame.addEventListener('keydown', event => {
    const { key, shiftKey } = event;
    const way = WAYS[key];
    const isPress = key === ' ' || key === 'Enter';
    if ((!way && !isPress) || event.ctrlKey || event.metaKey || event.altKey) return;
    event.preventDefault();
    // The page plays by space.
    event.stopPropagation();
    if (isPress && event.repeat) return;
    const from = at;
    if (way) {
      const [x, y] = way.map(one => one * (shiftKey ? FINE_WAY : WAY));
      at = [inside(at[0] + (x ?? 0)), inside(at[1] + (y ?? 0))];
    } else isDown = !isDown;
    if (isDown) draw(from, at);
    show(at, isDown);
  });
  frame.addEventListener('focus', () => show(at, isDown));
  frame.addEventListener('blur', () => {
    isDown = false;
    show(at, isDown);
  });
}

const inside = (value: number): number => Math.min(1, Math.max(0, value));
