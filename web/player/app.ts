/** Connects the controls, the frame sources and the looks to the render loop. */
import {
  closePanels,
  getButton,
  getElement,
  isEmbedded,
  makeElement,
  saveFile,
  setIcon,
  setLabel,
} from '../shared/dom.ts';
import { errorMessage, FetchError } from '../shared/errors.ts';
import { LookLoader } from './look-loader.ts';
import { type LookEntry, listLooks } from './looks/look-index.ts';
import type { AnyLook } from './painters/painter.ts';
import { parseForcedBackend, prepareBackend } from './painters/select.ts';
import { RenderLoop } from './render/render-loop.ts';
import { detectFileKind } from './sources/file.ts';
import { openScene } from './sources/scene.ts';
import type { Source } from './sources/source.ts';
import { Exhibit } from './ui/exhibit.ts';
import { listenForDrops } from './ui/file-drop.ts';
import { bindShortcuts } from './ui/keyboard.ts';
import { LookList } from './ui/look-list.ts';
import type { Notifications } from './ui/notifications.ts';
import { Sliders } from './ui/sliders.ts';
import { SourcePicker } from './ui/source-picker.ts';
import { StatsOverlay } from './ui/stats-overlay.ts';

const NO_GUIDE = 'This model has no guide to show: it paints, but limner did not make it.';

export class App {
  readonly #notifications: Notifications;
  readonly #renderLoop: RenderLoop;
  readonly #sourcePicker: SourcePicker;
  readonly #lookList: LookList;
  readonly #lookLoader: LookLoader;
  readonly #statsOverlay: StatsOverlay;
  readonly #exhibit = new Exhibit();
  #mirrorToggle: Toggle | null = null;
  #guideToggle: Toggle | null = null;

  constructor(notifications: Notifications) {
    const forcedBackend = parseForcedBackend(location.search);
    // Whoever needs what fails here tries again, and says why.
    prepareBackend(forcedBackend, () => makeElement('canvas')).catch(() => undefined);
    this.#notifications = notifications;
    this.#renderLoop = new RenderLoop(openScene(), error => this.#lookLoader.handleLoss(errorMessage(error)));
    this.#sourcePicker = new SourcePicker(notifications, source => this.#showSource(source));
    this.#lookList = new LookList(file => void this.#lookLoader.loadFile(file));
    const sliders = new Sliders((name, value) => this.#renderLoop.setLiveInput(name, value));
    const parts = { notifications, renderLoop: this.#renderLoop, lookList: this.#lookList, sliders };
    this.#lookLoader = new LookLoader(parts, forcedBackend, look => this.#updateGuideButton(look));
    this.#statsOverlay = new StatsOverlay(this.#renderLoop);
    listenForDrops(file => void this.#openFile(file));
    this.#bindControls();
  }

  /** Fetches the list of looks and starts the first, or the one that `?look=` names. */
  async start(): Promise<void> {
    if (window.matchMedia('(prefers-reduced-motion: reduce)').matches) {
      this.#setPlaying(false);
      this.#notifications.inform('Paused, as your system asks for less motion. Press Play or Step.');
    }
    try {
      const looks = await this.#updateLooks();
      const requested = new URLSearchParams(location.search).get('look');
      const first = looks.find(entry => entry.file === requested) ?? looks[0];
      // A visitor may have dropped a look before the list came.
      if (first && !this.#lookLoader.isAsked) await this.#lookLoader.loadEntry(first, 0);
    } catch (error) {
      this.#notifications.alert(
        errorMessage(error),
        error instanceof FetchError ? { label: 'Try again', run: () => void this.start() } : undefined,
      );
    }
  }

  /** Fetches the list of looks, and goes on doing so while one is being trained. */
  async #updateLooks(count = Infinity): Promise<LookEntry[]> {
    const { looks, refresh } = await listLooks();
    this.#lookList.addLooks(looks, entry => {
      this.#notifications.clear();
      void this.#lookLoader.loadEntry(entry);
    });
    if (looks.length > count) this.#notifications.inform(`“${looks.at(-1)?.name}” is among the looks now.`);
    // A request may fail as the computer wakes up. Where the server has ended, no look comes any more.
    let tries = 9;
    const wait = () =>
      setTimeout(() => this.#updateLooks(looks.length).catch(() => tries-- && wait()), refresh * 1000);
    if (refresh) wait();
    return looks;
  }

  #bindControls(): void {
    const showError = (error: unknown) => this.#notifications.alert(errorMessage(error));
    const playButton = getButton('play-button');
    playButton.addEventListener('click', () => this.#setPlaying(!this.#renderLoop.isPlaying));
    const step = () => {
      this.#setPlaying(false);
      void this.#renderLoop.step().catch(showError);
    };
    getButton('step-button').addEventListener('click', step);
    const guide = makeToggle('guide-button', isOn => {
      getElement('guide-view').hidden = !isOn;
      this.#renderLoop.setGuide(isOn);
    });
    const mirror = makeToggle('mirror-button', isOn => this.#renderLoop.setMirror(isOn));
    const stats = makeToggle('stats-button', isOn => this.#statsOverlay.show(isOn));
    getButton('save-button').addEventListener('click', () => void this.#savePainting());
    const openLearning = async () =>
      (await import('./learning/panel.ts')).openLearning({
        notifications: this.#notifications,
        renderLoop: this.#renderLoop,
        lookLoader: this.#lookLoader,
        lookList: this.#lookList,
      });
    const showFilters = async () =>
      (await import('./filters/filter-panel.ts')).showFilters({
        notifications: this.#notifications,
        renderLoop: this.#renderLoop,
        lookLoader: this.#lookLoader,
      });
    getElement('light-panel').addEventListener('beforetoggle', () => void showFilters().catch(showError));
    getButton('learn-button').addEventListener('click', () => void openLearning().catch(showError));
    getButton('full-button').addEventListener('click', () => this.#exhibit.toggle());
    const help = getElement('help', HTMLDialogElement);
    const openHelp = () => {
      if (help.open) return help.close();
      this.#exhibit.leave(); // it hides everything but the painting, this dialog included
      help.showModal();
    };
    getButton('help-button').addEventListener('click', openHelp);
    getButton('help-close').addEventListener('click', () => help.close());
    const more = getButton('more-button');
    more.addEventListener('click', () => {
      const open = getElement('more').classList.toggle('open');
      more.setAttribute('aria-expanded', String(open));
    });
    bindShortcuts({
      ' ': () => this.#setPlaying(!this.#renderLoop.isPlaying),
      '.': step,
      f: () => this.#exhibit.toggle(),
      g: () => (getButton('guide-button').disabled ? this.#notifications.inform(NO_GUIDE) : guide.flip()),
      m: mirror.flip,
      s: stats.flip,
      '?': openHelp,
    });
    this.#mirrorToggle = mirror;
    this.#guideToggle = guide;
  }

  #setPlaying(isPlaying: boolean): void {
    const playButton = getButton('play-button');
    setIcon(playButton, isPlaying ? 'pause' : 'play');
    setLabel(playButton, isPlaying ? 'Pause' : 'Play', 'space');
    if (!isPlaying) this.#renderLoop.pause();
    else
      void this.#renderLoop.play().catch((error: unknown) => this.#notifications.alert(errorMessage(error)));
  }

  #showSource(source: Source): void {
    this.#mirrorToggle?.set(source.isMirrored);
    this.#renderLoop.setSource(source);
    if (!this.#renderLoop.isPlaying && source.kind !== 'picture') this.#setPlaying(true);
    closePanels();
    this.#notifications.inform(
      {
        camera: 'Painting what your camera sees.',
        video: 'Painting your video.',
        picture: 'Painting your picture.',
        scene: 'Painting the built-in scene.',
      }[source.kind],
    );
  }

  /** Opens a file that was dropped on the page. */
  async #openFile(file: File): Promise<void> {
    const kind = detectFileKind(file);
    switch (kind) {
      case 'look':
        return this.#lookLoader.loadFile(file);
      case 'picture':
        return this.#sourcePicker.choosePicture(file);
      case 'video':
        return this.#sourcePicker.chooseVideo(file);
      case 'unknown':
        this.#notifications.alert(`${file.name} is neither a look (.onnx), a picture nor a video.`);
        return;
      default:
        kind satisfies never;
    }
  }

  /** Disables the guide button for a look without a guide. */
  #updateGuideButton({ info }: AnyLook): void {
    const hasGuide = info.guide !== '';
    const guideButton = getButton('guide-button');
    if (!hasGuide) this.#guideToggle?.set(false);
    guideButton.disabled = !hasGuide;
    guideButton.title = hasGuide ? 'What the network sees (G)' : NO_GUIDE;
  }

  async #savePainting(): Promise<void> {
    try {
      const time = new Date().toISOString().slice(0, 19).replace(/[:T]/g, '-');
      saveFile(await this.#renderLoop.toPng(), `limner-${time}.png`);
      // A page around this one may forbid downloads, and the browser does not say so.
      this.#notifications.inform(
        isEmbedded()
          ? 'If the painting is not in your downloads, open this page in a tab of its own.'
          : 'The painting is in your downloads.',
      );
    } catch (error) {
      this.#notifications.alert(errorMessage(error));
    }
  }
}

interface Toggle {
  flip: () => void;
  set: (isOn: boolean) => void;
}

/** Makes a button switch between on and off. */
function makeToggle(id: string, onChanged: (isOn: boolean) => void): Toggle {
  const element = getButton(id);
  const set = (isOn: boolean) => {
    element.setAttribute('aria-pressed', String(isOn));
    onChanged(isOn);
  };
  const flip = () => set(element.getAttribute('aria-pressed') !== 'true');
  element.addEventListener('click', flip);
  return { flip, set };
}
