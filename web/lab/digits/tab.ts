/** The tab Digits: MNIST, or drawn digits, are learned in the page, and one's own are read. */
import { makeElement } from '../../shared/dom.ts';
import { errorMessage } from '../../shared/errors.ts';
import { CameraView } from '../classifier/camera-view.ts';
import { makeSettings, pythonCommand } from '../classifier/settings.ts';
import { ClassifierTab } from '../classifier/tab.ts';
import { inkOfPaper, shapeDigit } from '../data/digit-shape.ts';
import { DIGITS, drawnDigits } from '../data/drawn-digits.ts';
import type { Task } from '../data/examples.ts';
import { readIdx, taskOfIdx } from '../data/idx.ts';
import { fetchPictures, hasPictures } from '../data/picture-files.ts';
import { makeCard } from '../shell/bench.ts';
import { makeButton } from '../shell/controls.ts';
import { bindDrops, makeFilesButton } from '../shell/files.ts';
import type { Host, Tab } from '../shell/tab.ts';
import { ABOUT } from './about.ts';
import { DrawPad } from './draw-pad.ts';

/** Of what the camera sees; a digit is a part of it. */
const CAMERA_SIDE = 112;

export const makeDigitsTab = async (host: Host): Promise<Tab> =>
  new DigitsTab(host, await hasPictures('mnist'));

class DigitsTab extends ClassifierTab {
  readonly #pad = new DrawPad(ink => this.#showInk(ink, 'your digit'));
  readonly #camera = new CameraView(
    () => this.#look(),
    sentence => this.host.say(sentence),
  );
  #own: Task | null = null;

  constructor(host: Host, hasMnist: boolean) {
    super(host, 'digits', makeSettings({ data: ['mnist', 'drawn'], augment: false, epochs: 1 }));
    const sources = makeElement('div', 'choices');
    if (hasMnist) sources.append(makeButton('MNIST', () => this.#use('mnist')));
    sources.append(
      makeButton('Drawn digits', () => this.#use('drawn')),
      ...makeFilesButton('Open idx files…', { multiple: true }, files => void this.#open(files)),
    );
    const data = makeCard('Digits', ABOUT.data, this.grid.view.canvas, this.source, sources);
    bindDrops(data, files => void this.#open(files));
    const choices = makeElement('div', 'choices');
    choices.append(
      makeButton('Clear', () => this.#clear()),
      makeButton('Another test digit', () => this.showNext()),
      this.#camera.element,
    );
    const both = makeElement('div', 'pad-row');
    both.append(this.#pad.element, this.seen.view.canvas);
    const draw = makeCard('Your digit', ABOUT.draw, both, this.said, choices, this.bars.element);
    this.bench.data.append(draw, data, this.panel.pictureCard);
    this.rebuild();
  }

  protected fetchTask(): Promise<Task> {
    if (this.#own) return Promise.resolve(this.#own);
    const { data } = this.settings.values;
    return this.fetchOnce(data, data === 'mnist' ? fetchMnist : async () => drawnDigits());
  }

  #use(data: string): void {
    const hadOwn = this.#own !== null;
    this.#own = null;
    this.settings.set({ data });
    if (hadOwn) this.rebuild();
  }

  async #open(files: readonly File[]): Promise<void> {
    try {
      const arrays = await Promise.all(files.map(file => readIdx(file, file.name)));
      const name = files.length === 1 ? (files[0]?.name ?? '') : `${files.length} files of your own`;
      this.#own = taskOfIdx(arrays, name, DIGITS);
      this.rebuild();
      this.host.update();
    } catch (error) {
      this.host.say(errorMessage(error));
    }
  }

  #showInk(ink: Float32Array, text: string): void {
    const picture = shapeDigit(ink, CAMERA_SIDE);
    if (picture) this.ask(picture, text);
  }

  #clear(): void {
    this.#pad.clear();
    this.#camera.close();
  }

  #look(): void {
    const frame = this.#camera.grab(CAMERA_SIDE);
    if (!frame) return;
    const light = Float32Array.from({ length: CAMERA_SIDE ** 2 }, (_, i) => {
      const [red = 0, green = 0, blue = 0] = frame.data.subarray(4 * i, 4 * i + 3);
      return (0.3 * red + 0.59 * green + 0.11 * blue) / 255;
    });
    this.#showInk(inkOfPaper(light), 'what the camera sees');
  }

  python(): string | null {
    if (this.#own) return null;
    const isDrawn = this.task?.name !== 'MNIST';
    return pythonCommand(this.settings, 'digits', isDrawn ? ' --drawn' : '');
  }
}

const fetchMnist = async (): Promise<Task> => (await fetchPictures('mnist')) ?? drawnDigits();
