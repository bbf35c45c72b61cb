/** The page's one object that knows all others: it wires controls, subjects and looks to the easel. */

import type { Look } from '../engine/index.ts';
import { button, closePanels, element, saveFile, setIcon, setName } from '../shared/dom.ts';
import { FetchError } from '../shared/download.ts';
import { errorMessage } from '../shared/errors.ts';
import { Studio } from './look-loader.ts';
import { listLooks } from './looks/look-index.ts';
import { forcedBackend } from './painters/select.ts';
import { Easel } from './render/render-loop.ts';
import { kindOf } from './sources/file.ts';
import { openScene } from './sources/scene.ts';
import type { Source } from './sources/source.ts';
import { Exhibit } from './ui/exhibit.ts';
import { takeDrops } from './ui/file-drop.ts';
import { listen } from './ui/keyboard.ts';
import { Shelf } from './ui/look-list.ts';
import type { Speech } from './ui/notifications.ts';
import { Sliders } from './ui/sliders.ts';
import { Subject } from './ui/source-picker.ts';
import { Figures } from './ui/stats-overlay.ts';

const NO_GUIDE = 'This model does not tell what it sees: it is painted with, but is no look of limner.';

export class App {
  readonly #speech: Speech;
  readonly #easel: Easel;
  readonly #subject: Subject;
  readonly #shelf: Shelf;
  readonly #studio: Studio;
  readonly #figures: Figures;
  readonly #exhibit = new Exhibit();
  #mirror: Toggle | null = null;
  #guide: Toggle | null = null;

  constructor(speech: Speech) {
    this.#speech = speech;
    this.#easel = new Easel(openScene(), problem => this.#studio.lost(errorMessage(problem)));
    this.#subject = new Subject(speech, source => this.#show(source));
    this.#shelf = new Shelf(file => void this.#studio.open(file));
    const sliders = new Sliders((name, value) => this.#easel.set(name, value));
    const tools = { speech, easel: this.#easel, shelf: this.#shelf, sliders };
    this.#studio = new Studio(tools, forcedBackend(location.search), look => this.#fit(look));
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
      this.#shelf.fill(looks, entry => void this.#studio.choose(entry));
      const asked = new URLSearchParams(location.search).get('look');
      const first = looks.find(entry => entry.file === asked) ?? looks[0];
      if (first) await this.#studio.choose(first, 0);
    } catch (problem) {
      const again = problem instanceof FetchError && problem.again;
      this.#speech.fail(
        errorMessage(problem),
        again ? { label: 'Try again', run: () => void this.start() } : undefined,
      );
    }
  }

  #wire(): void {
    const stopped = (problem: unknown) => this.#speech.fail(errorMessage(problem));
    const playButton = button('play-button');
    playButton.addEventListener('click', () => this.#setPlaying(!this.#easel.playing));
    const step = () => {
      this.#setPlaying(false);
      void this.#easel.step().catch(stopped);
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
    const openHelp = () => {
      if (help.open) return help.close();
      this.#exhibit.leave(); // which hides all but the painting, this dialog too
      help.showModal();
    };
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
      g: () => (button('guide-button').disabled ? this.#speech.say(NO_GUIDE) : guide.flip()),
      m: mirror.flip,
      s: figures.flip,
      '?': openHelp,
    });
    this.#mirror = mirror;
    this.#guide = guide;
  }

  #setPlaying(playing: boolean): void {
    const playButton = button('play-button');
    setIcon(playButton, playing ? 'pause' : 'play');
    setName(playButton, playing ? 'Pause' : 'Play', 'space');
    if (!playing) this.#easel.pause();
    else void this.#easel.play().catch((problem: unknown) => this.#speech.fail(errorMessage(problem)));
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
        return this.#studio.open(file);
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

  /** A look hangs: what it has to show besides the painting. */
  #fit(look: Look): void {
    const sees = look.info.guide !== '';
    const guideButton = button('guide-button');
    if (!sees) this.#guide?.set(false);
    guideButton.disabled = !sees;
    guideButton.title = sees ? 'What the network sees (G)' : NO_GUIDE;
  }

  async #save(): Promise<void> {
    try {
      const time = new Date().toISOString().slice(0, 19).replace(/[:T]/g, '-');
      saveFile(await this.#easel.picture(), `limner-${time}.png`);
      this.#speech.say('The painting is among your downloads.');
    } catch (problem) {
      this.#speech.fail(errorMessage(problem));
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
