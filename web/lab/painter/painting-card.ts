/** The card of the painting: which network paints it, the painting itself, and how to tear it, zoom and keep it. */
import { encodePng, getContext2d } from '../../shared/canvas.ts';
import { makeElement, saveFile } from '../../shared/dom.ts';
import { makeCard } from '../shell/bench.ts';
import { makeButton, makeSlider } from '../shell/controls.ts';
import { makeAbout } from '../shell/explain.ts';
import { formatNumber } from '../shell/format.ts';
import { ABOUT, MODE_ABOUT, MODE_NAMES } from './about.ts';
import type { CardHost } from './card-host.ts';
import type { Scene } from './draw-protocol.ts';
import type { Drawer } from './drawer.ts';
import { bindViewport, PaintingView, type Viewport, viewOf } from './painting-view.ts';
import { MAX, type PainterSettings } from './settings.ts';

const PNG_SIDE = 4096;

export interface PaintingCard {
  readonly element: HTMLElement;
  /** Draws the painting soon, with the weights as they are then. */
  readonly request: () => void;
  /** How far the painting is. */
  readonly figures: HTMLElement;
}

export function makePaintingCard(
  cards: CardHost,
  drawer: Drawer,
  scene: () => Scene | null,
  damage: (at: Viewport['at'] | null) => void,
  /** Paintings side by side, of which the large one is picked. */
  walls: readonly HTMLElement[],
): PaintingCard {
  const { settings, showOnly } = cards;
  const viewport = (): Viewport => ({ zoom: settings.values.zoom, at: settings.values.at ?? [0, 0] });
  const painting = new PaintingView('The painting of the network', drawer, scene, viewport);
  const hasGrids = () => settings.values.net === 'grid';
  const frame = bindViewport(
    painting.view,
    viewport,
    MAX.zoom,
    next => settings.set(next),
    at => hasGrids() && damage(at),
  );
  settings.listen(() => frame.classList.toggle('tearable', hasGrids()));
  frame.classList.toggle('tearable', hasGrids());
  const figures = makeElement('p', 'figure figures');
  const hint = makeElement('p', 'hint', 'Touch the painting to tear a hole into it, and see it heal.');
  const choices = makeElement('div', 'choices');
  const png = makeButton('Picture, 4K', () => void savePng(cards, png, drawer, scene(), viewport()));
  choices.append(
    showOnly(
      makeButton('Tear a piece out', () => damage(null)),
      () => settings.values.net !== 'cppn',
    ),
    showOnly(
      makeButton('All of it', () => settings.set({ zoom: 1, at: null })),
      () => settings.values.zoom > 1,
    ),
    png,
    makeButton('Shader (GLSL)', () => void saveShader(scene()).catch(cards.fail)),
  );
  const kept = makeElement('span', 'control-head');
  kept.append(makeAbout('Picture and shader', ABOUT.keep, kept));
  choices.append(kept);
  const element = makeCard(
    'Painting',
    ABOUT.painting,
    ...makeModes(settings),
    ...walls,
    frame,
    showOnly(hint, hasGrids),
    choices,
    makeZoom(settings),
  );
  element.firstElementChild?.append(figures);
  return { element, figures, request: () => painting.request() };
}

/** A button for each network, and a sentence on the one that paints. */
function makeModes(settings: PainterSettings): HTMLElement[] {
  const group = makeElement('div', 'choices modes');
  group.setAttribute('role', 'group');
  group.setAttribute('aria-label', 'The network that paints');
  const hint = makeElement('p', 'hint');
  const buttons = MODE_NAMES.map(([net, name]) => {
    const button = makeButton(name, () => settings.set({ net }));
    group.append(button);
    return { net, button };
  });
  const show = () => {
    hint.textContent = MODE_ABOUT[settings.values.net];
    for (const { net, button } of buttons) {
      button.setAttribute('aria-pressed', String(net === settings.values.net));
    }
  };
  settings.bind('net').listen(show);
  show();
  return [group, hint];
}

function makeZoom(settings: PainterSettings): HTMLElement {
  return makeSlider(
    {
      ...settings.bind('zoom'),
      set: zoom => {
        const edge = 1 - 1 / zoom;
        const [x, y] = (settings.values.at ?? [0, 0]).map(one => Math.min(edge, Math.max(-edge, one)));
        settings.set({ zoom, at: zoom === 1 ? null : [x ?? 0, y ?? 0] });
      },
    },
    {
      label: 'Zoom',
      about: ABOUT.zoom,
      least: 1,
      most: MAX.zoom,
      isLog: true,
      format: zoom => `${formatNumber(zoom)} ×`,
    },
  );
}

async function savePng(
  { fail }: CardHost,
  button: HTMLButtonElement,
  drawer: Drawer,
  scene: Scene | null,
  viewport: Viewport,
): Promise<void> {
  if (!scene) return;
  const label = button.textContent;
  button.disabled = true;
  try {
    const blob = await drawer.png(scene, viewOf(viewport), PNG_SIDE, part => {
      button.textContent = `${Math.round(100 * part)} %`;
    });
    saveFile(blob, 'limner-painting.png');
  } catch (error) {
    fail(error);
  } finally {
    button.disabled = false;
    button.textContent = label;
  }
}

/** Saves the shader, and beside it the picture of its tables if it has any. Rejects if there are too many numbers for it. */
async function saveShader(scene: Scene | null): Promise<void> {
  if (!scene) return;
  const { network, latent } = scene;
  // It learns on while the writer is fetched.
  const weights = new Map(scene.weights);
  const { exportedShader, TABLES_FILE, tablePicture } = await import('./exported-shader.ts');
  const text = exportedShader(network, weights, latent);
  saveFile(new Blob([text], { type: 'text/plain' }), 'limner-painting.glsl');
  const tables = tablePicture(network, weights);
  if (!tables) return;
  const { width, height, data } = tables;
  const canvas = makeElement('canvas');
  Object.assign(canvas, { width, height });
  getContext2d(canvas).putImageData(new ImageData(data, width, height), 0, 0);
  saveFile(encodePng(canvas), TABLES_FILE);
}
