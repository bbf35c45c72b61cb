/** The page around the tabs: which one is shown, the address, the controls below, and what is said. */
import { getButton, getElement, makeElement, saveFile, setIcon, setLabel } from '../../shared/dom.ts';
import { errorMessage } from '../../shared/errors.ts';
import { nextTask } from '../../shared/next-task.ts';
import { readAddress, writeAddress } from './address.ts';
import { announceOften } from './announcer.ts';
import { makeButton } from './controls.ts';
import { formatCount } from './format.ts';
import { drawPlotPicture } from './plot-picture.ts';
import { loadStyle } from './style.ts';
import type { Host, Tab, TabEntry } from './tab.ts';
import { bindTheme } from './theme.ts';

const SAID_MS = 5000;
/** Whether the visitor wants little motion. */
const CALM = matchMedia('(prefers-reduced-motion: reduce)');

export class Page {
  readonly #links = new Map<string, HTMLAnchorElement>();
  readonly #tabs = new Map<string, Promise<Tab>>();
  readonly #chips = new Map<string, string>();
  readonly #shown = new Set<Tab>();
  /** The tab that is shown, or will be when it is fetched. */
  #entry: TabEntry | undefined;
  #tab: Tab | null = null;
  #isPlaying = false;
  #hasPlayed = false;
  #isSlow = false;
  #timer = 0;

  constructor(readonly entries: readonly TabEntry[]) {
    const tabs = getElement('tabs');
    for (const { id, name } of entries) {
      const link = makeElement('a', '', name);
      link.href = `#${id}`;
      this.#links.set(id, link);
      tabs.append(link);
    }
    this.#bindButtons();
    bindTheme();
    announceOften(() => this.#readOut());
    addEventListener('hashchange', () => void this.#open());
    void this.#open();
  }

  #bindButtons(): void {
    const buttons = {
      play: getButton('play-button'),
      step: getButton('step-button'),
      slow: getButton('slow-button'),
      reset: getButton('reset-button'),
    };
    setLabel(buttons.step, 'One step', '.');
    setLabel(buttons.slow, 'Slow motion', 'S');
    setLabel(buttons.reset, 'Begin again: the same seed gives the same curve', 'R');
    setLabel(getButton('link-button'), 'Copy a link to this run');
    setLabel(getButton('plot-button'), 'Save a picture of the curve');
    setLabel(getButton('save-button'), 'Save the network as an ONNX file');
    setLabel(getButton('python-copy'), 'Copy the command');
    buttons.play.setAttribute('aria-keyshortcuts', 'Space');
    buttons.play.addEventListener('click', () => this.#toggle());
    buttons.step.addEventListener('click', () => this.#do(tab => tab.step?.()));
    buttons.slow.addEventListener('click', () => this.#setSlow(!this.#isSlow));
    buttons.reset.addEventListener('click', () => this.#do(tab => tab.reset()));
    getButton('link-button').addEventListener('click', () =>
      this.#copy(location.href, 'The link is copied.'),
    );
    getButton('python-copy').addEventListener('click', () =>
      this.#copy(this.#tab?.python() ?? '', 'The command is copied.'),
    );
    getButton('plot-button').addEventListener('click', () => this.#savePlot());
    getButton('save-button').addEventListener('click', () => void this.#saveNetwork());
    addEventListener('keydown', event => this.#handleKey(event));
  }

  /** Single characters act only where the focus is on the bench or on the controls: whoever dictates to the page shall not
   * begin a run anew by a word (WCAG 2.1.4). */
  #handleKey(event: KeyboardEvent): void {
    const { target, key } = event;
    if (event.ctrlKey || event.metaKey || event.altKey || !(target instanceof Element)) return;
    if (target.closest('input:not([type="range"]), textarea, select')) return;
    const isFocused = target.closest('#bench, .transport') !== null;
    const isTaken = target.closest('input, button, a, [role="slider"]') !== null;
    const actions: Record<string, (() => void) | false> = {
      ' ': !isTaken && (() => this.#toggle()),
      '.': isFocused && (() => this.#do(tab => tab.step?.())),
      s: isFocused && (() => this.#setSlow(!this.#isSlow)),
      r: isFocused && (() => this.#do(tab => tab.reset())),
    };
    const action = actions[key.toLowerCase()];
    if (!action) return;
    event.preventDefault();
    action();
  }

  #do(action: (tab: Tab) => void): void {
    if (this.#tab) action(this.#tab);
  }

  #toggle(): void {
    this.#do(tab => (this.#isPlaying ? tab.pause() : tab.play()));
  }

  /** Tabs without slow motion stay as they are. */
  #setSlow(isSlow: boolean): void {
    this.#isSlow = isSlow && this.#tab?.setSlow !== undefined;
    getButton('slow-button').setAttribute('aria-pressed', String(this.#isSlow));
    this.#do(tab => tab.setSlow?.(this.#isSlow));
    this.#writeAddress();
  }

  /** Shows what the address says. */
  async #open(): Promise<void> {
    const { tab: id, query } = readAddress(location.hash);
    const entry = this.entries.find(one => one.id === id) ?? this.entries[0];
    if (!entry) return;
    const isOther = entry !== this.#entry;
    this.#entry = entry;
    if (isOther) this.#leave(entry);
    try {
      const tab = await this.#load(entry);
      if (entry !== this.#entry) return;
      if (tab !== this.#tab) tab.enter?.();
      tab.settings.read(query);
      this.#show(tab);
      this.#setSlow(query.get('slow') === '1');
      if (tab.playsAtOnce && !this.#shown.has(tab) && !CALM.matches) tab.play();
      this.#shown.add(tab);
    } catch (error) {
      this.#tabs.delete(entry.id);
      if (entry === this.#entry) this.#showFailure(entry, error);
    }
  }

  /** Browsers keep that a script could not be fetched, so only a reload tries again. */
  #showFailure({ name }: TabEntry, error: unknown): void {
    const sentence = `${name} could not be opened. ${errorMessage(error)}`;
    getElement('bench').replaceChildren(
      makeElement('p', 'loading', sentence),
      makeButton('Reload the page', () => location.reload()),
    );
    this.#say(sentence);
  }

  #leave(entry: TabEntry): void {
    this.#tab?.pause();
    this.#tab?.leave?.();
    this.#tab = null;
    this.#setPlaying(false);
    getElement('bench').replaceChildren(makeElement('p', 'loading', `${entry.name} is being fetched…`));
    for (const [own, link] of this.#links) {
      if (own === entry.id) link.setAttribute('aria-current', 'page');
      else link.removeAttribute('aria-current');
    }
    document.title = `${entry.name} – limner lab`;
  }

  #load(entry: TabEntry): Promise<Tab> {
    const loaded = this.#tabs.get(entry.id) ?? this.#make(entry);
    this.#tabs.set(entry.id, loaded);
    return loaded;
  }

  async #make(entry: TabEntry): Promise<Tab> {
    const [make] = await Promise.all([entry.load(), loadStyle(entry.style)]);
    await nextTask();
    const isShown = () => entry === this.#entry;
    const host: Host = {
      setPlaying: isPlaying => isShown() && this.#setPlaying(isPlaying),
      setChip: (backend, rate) => {
        this.#chips.set(
          entry.id,
          rate === null ? backend : `${backend} · ${formatCount(Number(rate.toPrecision(2)))} steps/s`,
        );
        if (isShown()) this.#showChip();
      },
      say: sentence => isShown() && this.#say(sentence),
      copy: (text, sentence) => this.#copy(text, sentence),
      update: () => isShown() && this.#update(),
    };
    const tab = await make(host);
    tab.settings.listen(() => isShown() && this.#update());
    return tab;
  }

  #show(tab: Tab): void {
    this.#tab = tab;
    const bench = getElement('bench');
    if (bench.firstElementChild !== tab.element) bench.replaceChildren(tab.element);
    getButton('save-button').hidden = !tab.save;
    getButton('step-button').hidden = !tab.step;
    getButton('slow-button').hidden = !tab.setSlow;
    this.#showChip();
    this.#update();
  }

  #showChip(): void {
    const text = this.#chips.get(this.#entry?.id ?? '') ?? '';
    const chip = getElement('chip');
    chip.hidden = text === '';
    if (chip.textContent !== text) chip.textContent = text;
  }

  #update(): void {
    this.#writeAddress();
    const command = this.#tab?.python() ?? null;
    getElement('python').hidden = command === null;
    getElement('python-command', HTMLInputElement).value = command ?? '';
  }

  #writeAddress(): void {
    if (!this.#tab || !this.#entry) return;
    const query = this.#tab.settings.write();
    if (this.#isSlow) query.set('slow', '1');
    const hash = writeAddress({ tab: this.#entry.id, query });
    // So the tab comes back as it was left.
    const link = this.#links.get(this.#entry.id);
    if (link) link.href = hash;
    // Sliders would fill the history.
    if (hash !== location.hash) history.replaceState(null, '', hash);
  }

  /** While it plays, and once after. */
  #readOut(): string | null {
    if (!this.#hasPlayed) return null;
    this.#hasPlayed = this.#isPlaying;
    return this.#tab?.status() ?? null;
  }

  #setPlaying(isPlaying: boolean): void {
    this.#isPlaying = isPlaying;
    this.#hasPlayed ||= isPlaying;
    const button = getButton('play-button');
    setIcon(button, isPlaying ? 'pause' : 'play');
    const text = button.querySelector('span');
    if (text) text.textContent = isPlaying ? 'Pause' : 'Play';
  }

  #say(sentence: string): void {
    const said = getElement('said');
    window.clearTimeout(this.#timer);
    said.hidden = false;
    said.textContent = sentence;
    this.#timer = window.setTimeout(() => {
      said.hidden = true;
    }, SAID_MS);
  }

  #copy(text: string, sentence: string): void {
    const written = navigator.clipboard?.writeText(text) ?? Promise.reject(new Error());
    written.then(
      () => this.#say(sentence),
      () => this.#say('This browser did not let the page copy. Select the text, and copy it.'),
    );
  }

  #savePlot(): void {
    if (!this.#tab || !this.#entry) return;
    const { id, name } = this.#entry;
    try {
      const picture = drawPlotPicture(this.#tab.plot(), `limner lab, ${name}`, location.hash);
      saveFile(picture, `limner-lab-${id}.png`);
    } catch (error) {
      this.#say(errorMessage(error));
    }
  }

  async #saveNetwork(): Promise<void> {
    try {
      const saved = await this.#tab?.save?.();
      if (saved) saveFile(new Blob([Uint8Array.from(saved.bytes)]), saved.name);
    } catch (error) {
      this.#say(errorMessage(error));
    }
  }
}
