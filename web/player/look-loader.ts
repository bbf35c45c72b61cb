/**
 * Who paints, and with what: a look comes in as bytes, is read by the engine (which refuses what is no
 * look, in a sentence), gets a painter, and the painter goes to the easel. One hire is under way at a
 * time, whether it was chosen, opened or follows a loss; a later one ends the one before.
 */

import { type Look, readLook } from '../engine/index.ts';
import { make } from '../shared/dom.ts';
import { FetchError } from '../shared/download.ts';
import { errorMessage } from '../shared/errors.ts';
import { fetchLook, type LookEntry } from './looks/look-index.ts';
import type { Backend, Painter } from './painters/painter.ts';
import { findPainter } from './painters/select.ts';
import type { Easel } from './render/render-loop.ts';
import { hangLabel, titleOf } from './ui/look-label.ts';
import { type Shelf, sizeSoFar } from './ui/look-list.ts';
import type { Speech } from './ui/notifications.ts';
import type { Sliders } from './ui/sliders.ts';

const MOST_LOSSES = 3;
const LOSSES_FORGOTTEN_MS = 60_000;
const LARGEST_LOOK_BYTES = 1e9;

interface Work {
  readonly look: Look;
  readonly bytes: Uint8Array;
  readonly fileName: string;
}

export class Studio {
  readonly #speech: Speech;
  readonly #easel: Easel;
  readonly #shelf: Shelf;
  readonly #sliders: Sliders;
  readonly #forced: Backend | null;
  readonly #onHung: (look: Look) => void;
  /** Ways to the GPU that a look has lost for good, and why: the engine has tried them again itself. */
  readonly #gaveUp = new WeakMap<Look, Map<Backend, string>>();
  #busy: AbortController | null = null;
  #hung: Work | null = null;
  #losses: number[] = [];

  constructor(
    tools: { speech: Speech; easel: Easel; shelf: Shelf; sliders: Sliders },
    forced: Backend | null,
    onHung: (look: Look) => void,
  ) {
    this.#speech = tools.speech;
    this.#easel = tools.easel;
    this.#shelf = tools.shelf;
    this.#sliders = tools.sliders;
    this.#forced = forced;
    this.#onHung = onHung;
  }

  /** Fetches a look of the list and paints with it. */
  choose(entry: LookEntry, chosenAt = performance.now()): Promise<void> {
    this.#speech.calm();
    return this.#only(
      async signal => {
        this.#shelf.arriving(`Fetching ${entry.name}`, entry.bytes > 0 ? 0 : null);
        const bytes = await fetchLook(
          entry,
          part => this.#shelf.arriving(`Fetching ${entry.name}`, part),
          signal,
        );
        this.#shelf.arriving(`Unpacking ${entry.name}`, null);
        const work = { look: await readLook(bytes), bytes, fileName: entry.file };
        if (await this.#hire(work, chosenAt, signal)) this.#shelf.mark(entry.file);
      },
      problem => {
        const helps = !(problem instanceof FetchError) || problem.again;
        const again = { label: 'Try again', run: () => void this.choose(entry) };
        this.#speech.fail(errorMessage(problem), helps ? again : undefined);
      },
    );
  }

  /** Paints with a look from the visitor's own disk. */
  open(file: File): Promise<void> {
    this.#speech.calm();
    const chosenAt = performance.now();
    return this.#only(
      async signal => {
        if (file.size > LARGEST_LOOK_BYTES) throw new Error('it is larger than a browser can hold.');
        this.#shelf.arriving(`Unpacking ${file.name}`, null);
        const bytes = new Uint8Array(await file.arrayBuffer());
        if (signal.aborted) return;
        const work = { look: await readLook(bytes), bytes, fileName: file.name };
        if (await this.#hire(work, chosenAt, signal)) this.#shelf.mark(null);
      },
      problem => this.#speech.fail(`${file.name} cannot be painted with: ${errorMessage(problem)}`),
    );
  }

  /** A painter is lost for good: begin again with the same look and the next painter, but not for ever. */
  lost(reason: string): void {
    const now = performance.now();
    this.#losses = [...this.#losses.filter(time => now - time < LOSSES_FORGOTTEN_MS), now];
    const { painter } = this.#easel;
    if (painter) {
      if (this.#hung) this.#giveUp(this.#hung.look, painter.backend, reason);
      this.#easel.dismiss(painter);
    }
    if (this.#busy) return; // what is on its way takes over, or resumes this one where it fails
    if (this.#losses.length < MOST_LOSSES && this.#forced === null) {
      this.#resume();
      return;
    }
    this.#speech.fail(`Painting stopped (${reason}). Close other heavy pages, then try again.`, {
      label: 'Try again',
      run: () => {
        this.#losses = [];
        if (this.#hung) this.#gaveUp.delete(this.#hung.look);
        this.#resume();
      },
    });
  }

  /** Paints again with what hangs. */
  #resume(): void {
    const work = this.#hung;
    if (!work) return;
    void this.#only(
      async signal => {
        await this.#hire(work, performance.now(), signal);
      },
      problem => this.lost(errorMessage(problem)),
    );
  }

  /** Ends the hire that is under way and begins this one; a failure is told unless it was ended, too. */
  async #only(
    work: (signal: AbortSignal) => Promise<void>,
    onProblem: (problem: unknown) => void,
  ): Promise<void> {
    this.#busy?.abort();
    const busy = new AbortController();
    this.#busy = busy;
    const failed = await work(busy.signal).then(
      () => null,
      (problem: unknown) => ({ problem }),
    );
    if (this.#busy !== busy) return;
    this.#busy = null;
    this.#shelf.arrived();
    if (failed) onProblem(failed.problem);
    // The painter before may have been lost meanwhile, with this one expected to take over.
    const stopped = this.#losses.length >= MOST_LOSSES;
    if (failed && !this.#busy && !this.#easel.painter && !stopped) this.#resume();
  }

  /** Finds a painter for a look and gives it the brush; false where it has to give way. */
  async #hire(work: Work, chosenAt: number, signal: AbortSignal): Promise<boolean> {
    const { look, bytes, fileName } = work;
    const hired: { painter: Painter | null; lost: string | null } = { painter: null, lost: null };
    const gaveUp = this.#gaveUp.get(look) ?? new Map<Backend, string>();
    const painter = await findPainter(look, bytes, {
      forced: this.#forced,
      avoid: gaveUp,
      signal,
      makeCanvas: () => make('canvas'),
      onFetched: (part, received) =>
        this.#shelf.arriving(`Fetching the WASM painter${sizeSoFar(part, received)}`, part),
      onReady: () => this.#shelf.arriving('Starting the WASM painter', null),
      onLost: reason => {
        hired.lost = reason;
        if (hired.painter && hired.painter === this.#easel.painter) this.lost(reason);
      },
    });
    hired.painter = painter;
    const wanted = () => !signal.aborted && hired.lost === null;
    const hangs = await this.#easel.setPainter(painter, chosenAt, wanted);
    if (!hangs) {
      if (signal.aborted || hired.lost === null) return false;
      if (painter.backend === 'wasm' || this.#forced !== null) throw new Error(hired.lost);
      this.#giveUp(look, painter.backend, hired.lost);
      return this.#hire(work, chosenAt, signal);
    }
    if (this.#hung?.look !== look) this.#sliders.fit(look.info.live);
    this.#hung = work;
    hangLabel(look.info, bytes.length, fileName);
    document.body.classList.remove('waiting');
    const without = gaveUp.size > 0 && painter.backend === 'wasm' ? ', without the GPU: it went away' : '';
    this.#speech.say(`Painting with “${titleOf(look.info, fileName)}”${without}.`);
    this.#onHung(look);
    return true;
  }

  #giveUp(look: Look, backend: Backend, reason: string): void {
    if (backend === 'wasm') return; // there is nobody after it, so it is tried again
    const gaveUp = this.#gaveUp.get(look) ?? new Map<Backend, string>();
    this.#gaveUp.set(look, gaveUp.set(backend, `The GPU went away as it painted this look (${reason}).`));
  }
}
