/**
 * The page's one object that knows all others. A look comes in as bytes, is read by the engine (which
 * refuses what is no look, in a sentence), gets a painter, and the painter goes to the easel.
 */
import { type Look, readLook } from '../engine/index.ts';
import { takeDrops } from './drop.ts';
import { Easel } from './easel.ts';
import { button, closePanels, element, setIcon, setName } from './element.ts';
import { Exhibit } from './exhibit.ts';
import { Figures } from './figures.ts';
import { kindOf } from './file.ts';
import { listen } from './keyboard.ts';
import { hangLabel } from './label.ts';
import { findPainter, forcedBackend } from './ladder.ts';
import { FetchError, fetchLook, type LookEntry, listLooks } from './looks.ts';
import type { Painter } from './painter.ts';
import { openScene } from './scene.ts';
import { Shelf } from './shelf.ts';
import { Sliders } from './sliders.ts';
import type { Source } from './source.ts';
import { type Speech, sentenceOf } from './speech.ts';
import { Subject } from './subject.ts';

const MOST_LOSSES = 3;
const LOSSES_FORGOTTEN_MS = 60_000;
const LARGEST_LOOK_BYTES = 1e9;

export class App {
  readonly #speech: Speech;
  readonly #easel: Easel;
  readonly #subject: Subject;
  readonly #shelf: Shelf;
  readonly #sliders: Sliders;
  readonly #figures: Figures;
  readonly #exhibit = new Exhibit();
  readonly #forced = forcedBackend(location.search);
  #fetching = new AbortController();
  #losses: number[] = [];

  constructor(speech: Speech) {
    this.#speech = speech;
    this.#easel = new Easel(openScene(), problem => this.#lost(sentenceOf(problem)));
    this.#subject = new Subject(speech, source => this.#show(source));
    this.#shelf = new Shelf(file => void this.#openLook(file));
    this.#sliders = new Sliders((name, value) => this.#easel.set(name, value));
    this.#figures = new Figures(this.#easel);
    takeDrops(file => void this.#take(file));
    this.#wire();
  }

  /** Fetches the list of looks and paints with the first, or with the one that `?look=` names. */
  async start(): Promise<void> {
    if (window.matchMedia('(prefers-reduced-motion: reduce)').matches) {
      this.#setPlaying(false);
      this.#speech.say('Paused, as your system asks for less motion. Press Play or Step.');
    }
    try {
      const looks = await listLooks();
      this.#shelf.fill(looks, entry => void this.#choose(entry));
      const asked = new URLSearchParams(location.search).get('look');
      const first = looks.find(entry => entry.file === asked) ?? looks[0];
      if (first) await this.#choose(first, 0);
    } catch (problem) {
      const again = problem instanceof FetchError && problem.again;
      this.#speech.fail(
        sentenceOf(problem),
        again ? { label: 'Try again', run: () => void this.start() } : undefined,
      );
    }
  }

  #wire(): void {
    const playButton = button('play-button');
    playButton.addEventListener('click', () => this.#setPlaying(!this.#easel.playing));
    const step = () => {
      this.#setPlaying(false);
      void this.#easel.step();
    };
    button('step-button').addEventListener('click', step);
    const guide = toggle('guide-button', on => {
      element('guide-view').hidden = !on;
      this.#easel.setGuide(on);
    });
    const mirror = toggle('mirror-button', on => this.#easel.setMirror(on));
    const figures = toggle('figures-button', on => this.#figures.show(on));
    button('save-button').addEventListener('click', () => void this.#save());
    button('full-button').addEventListener('click', () => this.#exhibit.toggle());
    const help = element('help', HTMLDialogElement);
    const openHelp = () => (help.open ? help.close() : help.showModal());
    button('help-button').addEventListener('click', openHelp);
    button('help-close').addEventListener('click', () => help.close());
    const more = button('more-button');
    more.addEventListener('click', () => {
      const open = element('more').classList.toggle('open');
      more.setAttribute('aria-expanded', String(open));
    });
    listen({
      ' ': () => this.#setPlaying(!this.#easel.playing),
      '.': step,
      f: () => this.#exhibit.toggle(),
      g: guide.flip,
      m: mirror.flip,
      s: figures.flip,
      '?': openHelp,
    });
    this.#mirror = mirror;
  }

  #mirror: Toggle | null = null;

  #setPlaying(playing: boolean): void {
    const playButton = button('play-button');
    setIcon(playButton, playing ? 'pause' : 'play');
    setName(playButton, playing ? 'Pause' : 'Play', 'space');
    if (!playing) this.#easel.pause();
    else void this.#easel.play().catch((problem: unknown) => this.#speech.fail(sentenceOf(problem)));
  }

  #show(source: Source): void {
    this.#mirror?.set(source.mirrored);
    this.#easel.setSource(source);
    if (!this.#easel.playing && source.kind !== 'picture') this.#setPlaying(true);
    closePanels();
    this.#speech.say(
      {
        camera: 'Painting what your camera sees.',
        video: 'Painting your video.',
        picture: 'Painting your picture.',
        scene: 'Painting the built-in scene.',
      }[source.kind],
    );
  }

  /** A file of the visitor's, dropped anywhere. */
  async #take(file: File): Promise<void> {
    const kind = kindOf(file);
    switch (kind) {
      case 'look':
        return this.#openLook(file);
      case 'picture':
        return this.#subject.picture(file);
      case 'video':
        return this.#subject.video(file);
      case 'unknown':
        this.#speech.fail(
          `${file.name} is neither a look (.onnx), a picture nor a video, so there is nothing to paint with.`,
        );
        return;
      default:
        kind satisfies never;
    }
  }

  async #choose(entry: LookEntry, chosenAt = performance.now()): Promise<void> {
    this.#fetching.abort();
    const fetching = new AbortController();
    this.#fetching = fetching;
    this.#speech.calm();
    const again = { label: 'Try again', run: () => void this.#choose(entry) };
    try {
      this.#shelf.arriving(entry.name, entry.bytes > 0 ? 0 : null);
      const bytes = await fetchLook(entry, part => this.#shelf.arriving(entry.name, part), fetching.signal);
      this.#shelf.arriving(entry.name, null);
      await this.#hire(readLook(bytes), bytes, entry.file, chosenAt, fetching.signal);
      if (!fetching.signal.aborted) this.#shelf.mark(entry.file);
    } catch (problem) {
      if (fetching.signal.aborted) return;
      const helps = !(problem instanceof FetchError) || problem.again;
      this.#speech.fail(sentenceOf(problem), helps ? again : undefined);
    } finally {
      if (this.#fetching === fetching) this.#shelf.arrived();
    }
  }

  async #openLook(file: File): Promise<void> {
    this.#fetching.abort();
    const fetching = new AbortController();
    this.#fetching = fetching;
    this.#speech.calm();
    const chosenAt = performance.now();
    try {
      if (file.size > LARGEST_LOOK_BYTES) throw new Error('it is larger than a browser can hold.');
      this.#shelf.arriving(file.name, null);
      const bytes = new Uint8Array(await file.arrayBuffer());
      await this.#hire(readLook(bytes), bytes, file.name, chosenAt, fetching.signal);
      if (!fetching.signal.aborted) this.#shelf.mark(null);
    } catch (problem) {
      if (!fetching.signal.aborted)
        this.#speech.fail(`${file.name} cannot be painted with: ${sentenceOf(problem)}`);
    } finally {
      if (this.#fetching === fetching) this.#shelf.arrived();
    }
  }

  /** Finds a painter for a look and gives it the brush. */
  async #hire(
    look: Look,
    bytes: Uint8Array,
    fileName: string,
    chosenAt: number,
    signal: AbortSignal,
  ): Promise<void> {
    const hired: { painter: Painter | null } = { painter: null };
    const onLost = (reason: string) => {
      if (hired.painter && hired.painter === this.#easel.painter)
        this.#lost(reason, { look, bytes, fileName });
    };
    const painter = await findPainter(look, bytes, this.#forced, onLost);
    if (signal.aborted) {
      painter.destroy();
      return;
    }
    hired.painter = painter;
    if (this.#hung?.look !== look) this.#sliders.fit(look.info.live);
    this.#hung = { look, bytes, fileName };
    await this.#easel.setPainter(painter, chosenAt);
    hangLabel(look.info, bytes.length, fileName);
    document.body.classList.remove('waiting');
    this.#speech.say(`Painting with “${look.info.name || fileName}”.`);
  }

  #hung: { look: Look; bytes: Uint8Array; fileName: string } | null = null;

  /** The GPU or the runtime went away: begin again with the same look, but not for ever. */
  #lost(reason: string, hung = this.#hung): void {
    const now = performance.now();
    this.#losses = [...this.#losses.filter(time => now - time < LOSSES_FORGOTTEN_MS), now];
    const painter = this.#easel.painter;
    if (painter) this.#easel.dismiss(painter);
    if (!hung) return;
    const again = () => {
      const { look, bytes, fileName } = hung;
      this.#hire(look, bytes, fileName, performance.now(), this.#fetching.signal).catch((problem: unknown) =>
        this.#lost(sentenceOf(problem)),
      );
    };
    if (this.#losses.length < MOST_LOSSES) {
      again();
      return;
    }
    this.#speech.fail(`Painting stopped three times (${reason}). Close other heavy pages, then try again.`, {
      label: 'Try again',
      run: () => {
        this.#losses = [];
        again();
      },
    });
  }

  async #save(): Promise<void> {
    try {
      const address = URL.createObjectURL(await this.#easel.picture());
      const link = document.createElement('a');
      link.href = address;
      link.download = `limner-${new Date().toISOString().slice(0, 19).replace(/[:T]/g, '-')}.png`;
      link.click();
      window.setTimeout(() => URL.revokeObjectURL(address), 10_000);
      this.#speech.say('The painting is among your downloads.');
    } catch (problem) {
      this.#speech.fail(sentenceOf(problem));
    }
  }
}

interface Toggle {
  flip: () => void;
  set: (on: boolean) => void;
}

/** A button that is on or off. */
function toggle(id: string, onChanged: (on: boolean) => void): Toggle {
  const target = button(id);
  const set = (on: boolean) => {
    target.setAttribute('aria-pressed', String(on));
    onChanged(on);
  };
  const flip = () => set(target.getAttribute('aria-pressed') !== 'true');
  target.addEventListener('click', flip);
  return { flip, set };
}
