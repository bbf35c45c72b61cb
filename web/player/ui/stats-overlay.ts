/** The statistics overlay. It updates twice a second while it is shown. */
import { getElement, makeElement } from '../../shared/dom.ts';
import { formatFileSize } from '../../shared/format.ts';
import { workerTraffic } from '../painters/select.ts';
import type { RenderLoop } from '../render/render-loop.ts';

const UPDATE_MS = 500;
const BACKEND_NAMES = { webgpu: 'WebGPU', webgl2: 'WebGL2', wasm: 'WASM' } as const;

export class StatsOverlay {
  readonly #view = getElement('stats-view');
  readonly #list = getElement('stats-list', HTMLDListElement);
  readonly #renderLoop: RenderLoop;
  #timer = 0;

  constructor(renderLoop: RenderLoop) {
    this.#renderLoop = renderLoop;
  }

  show(isShown: boolean): void {
    this.#view.hidden = !isShown;
    window.clearInterval(this.#timer);
    if (!isShown) return;
    this.#update();
    this.#timer = window.setInterval(() => this.#update(), UPDATE_MS);
  }

  #update(): void {
    const { stats, painter } = this.#renderLoop;
    const formatMs = (value: number | null) => (value === null ? '–' : `${value.toFixed(1)} ms`);
    const first = stats.firstPaintingMs;
    const rows: [string, string][] = [
      ['last frame', formatMs(stats.lastMs)],
      ['mean frame', formatMs(stats.meanMs)],
      ['frames per second', String(stats.framesPerSecond(performance.now()))],
      ['to the first painting', first === null ? '–' : `${(first / 1000).toFixed(2)} s`],
      ['loaded', formatFileSize(countLoadedBytes())],
      ['painted by', painter ? `${BACKEND_NAMES[painter.backend]}, ${painter.adapter}` : 'nobody yet'],
    ];
    if (painter && painter.statistics.dispatches > 0) {
      rows.push([
        painter.backend === 'webgl2' ? 'draws per frame' : 'dispatches per frame',
        String(painter.statistics.dispatches),
      ]);
    }
    const noise = painter?.info.figures.noise_gain;
    if (typeof noise === 'number') rows.push(['camera noise in the painting', `× ${noise.toFixed(1)}`]);
    if (painter?.fallbackReason) rows.push(['why not WebGPU', painter.fallbackReason]);
    if (painter?.wasmFailure) rows.push(['why not WASM', painter.wasmFailure]);
    this.#list.replaceChildren(
      ...rows.map(([name, value]) => {
        const row = makeElement('div');
        row.append(makeElement('dt', '', name), makeElement('dd', '', value));
        return row;
      }),
    );
  }
}

/** The bytes of all that this page fetched, as they were transferred. */
function countLoadedBytes(): number {
  const entries = [
    ...performance.getEntriesByType('navigation'),
    ...performance.getEntriesByType('resource'),
  ] as PerformanceResourceTiming[];
  return workerTraffic.bytes + entries.reduce((sum, entry) => sum + entry.encodedBodySize, 0);
}
