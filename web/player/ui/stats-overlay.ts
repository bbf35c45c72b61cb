/** The statistics overlay. It looks at the easel twice a second while it is shown. */

import { element, make } from '../../shared/dom.ts';
import { megabytes } from '../../shared/format.ts';
import { elsewhere } from '../painters/select.ts';
import type { Easel } from '../render/render-loop.ts';

const EVERY_MS = 500;
const NAMES = { webgpu: 'WebGPU', webgl2: 'WebGL2', wasm: 'WASM' } as const;

export class Figures {
  readonly #view = element('figures-view');
  readonly #list = element('figures-list', HTMLDListElement);
  readonly #easel: Easel;
  #timer = 0;

  constructor(easel: Easel) {
    this.#easel = easel;
  }

  show(shown: boolean): void {
    this.#view.hidden = !shown;
    window.clearInterval(this.#timer);
    if (!shown) return;
    this.#write();
    this.#timer = window.setInterval(() => this.#write(), EVERY_MS);
  }

  #write(): void {
    const { statistics, painter } = this.#easel;
    const milliseconds = (value: number | null) => (value === null ? '–' : `${value.toFixed(1)} ms`);
    const first = statistics.firstPainting;
    const rows: [string, string][] = [
      ['a step', milliseconds(statistics.last)],
      ['mean', milliseconds(statistics.mean)],
      ['frames a second', String(statistics.rate(performance.now()))],
      ['to the first painting', first === null ? '–' : `${(first / 1000).toFixed(2)} s`],
      ['loaded', megabytes(loadedBytes())],
      ['painted by', painter ? `${NAMES[painter.backend]}, ${painter.adapter}` : 'nobody yet'],
    ];
    if (painter && painter.statistics.dispatches > 0) {
      rows.push([
        painter.backend === 'webgl2' ? 'draws a frame' : 'dispatches a frame',
        String(painter.statistics.dispatches),
      ]);
    }
    if (painter?.because) rows.push(['why not WebGPU', painter.because]);
    this.#list.replaceChildren(
      ...rows.map(([name, value]) => {
        const row = make('div');
        row.append(make('dt', '', name), make('dd', '', value));
        return row;
      }),
    );
  }
}

/** Everything that was fetched for this page, as it came over the wire. */
function loadedBytes(): number {
  const entries = [
    ...performance.getEntriesByType('navigation'),
    ...performance.getEntriesByType('resource'),
  ] as PerformanceResourceTiming[];
  return elsewhere.bytes + entries.reduce((sum, entry) => sum + entry.encodedBodySize, 0);
}
