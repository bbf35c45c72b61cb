/** The panel “Learn”: a look goes on learning, or learns the style of painted frames, while the page paints. */
import { getButton, makeElement } from '../../shared/dom.ts';
import { errorMessage } from '../../shared/errors.ts';
import { formatFileSize } from '../../shared/format.ts';
import type { LookLoader } from '../look-loader.ts';
import type { RenderLoop } from '../render/render-loop.ts';
import { lookTitle } from '../ui/look-label.ts';
import type { LookList } from '../ui/look-list.ts';
import type { Notifications } from '../ui/notifications.ts';
import { makeButton, makeCheckbox, makeToggles } from './elements.ts';
import { followInPage } from './follower.ts';
import { FramesSection } from './frames-section.ts';
import styles from './learning.css?url';
import { LossPlot, recentMean } from './loss-plot.ts';
import { PhotosSection } from './photos-section.ts';
import { saveLearned } from './save-look.ts';
import type { BaseLook, Section } from './section.ts';
import { Session, type SessionState } from './session.ts';

export interface PanelParts {
  readonly notifications: Notifications;
  readonly renderLoop: RenderLoop;
  readonly lookLoader: LookLoader;
  readonly lookList: LookList;
}

const PANEL_ID = 'learn-panel';
type Mode = 'photos' | 'frames';

/** Opens the panel. From then on its button does. */
export async function openLearning(parts: PanelParts): Promise<void> {
  if (document.getElementById(PANEL_ID)) return;
  const { element } = new LearningPanel(parts);
  await loadStyles();
  if (document.getElementById(PANEL_ID)) return;
  document.body.append(element);
  getButton('learn-button').popoverTargetElement = element;
  element.showPopover();
}

function loadStyles(): Promise<void> {
  const link = makeElement('link');
  link.rel = 'stylesheet';
  link.href = styles;
  return new Promise((resolve, reject) => {
    link.addEventListener('load', () => resolve());
    link.addEventListener('error', () =>
      reject(new Error('The panel could not be fetched. Check the connection and try again.')),
    );
    document.head.append(link);
  });
}

class LearningPanel {
  readonly element = makeElement('section', 'panel learn-panel');
  readonly #sections: Readonly<Record<Mode, Section>>;
  readonly #place = makeElement('div');
  readonly #plot = new LossPlot();
  readonly #message = makeElement('p', 'learn-message');
  readonly #learn: HTMLButtonElement;
  readonly #restart: HTMLButtonElement;
  readonly #save: HTMLButtonElement;
  readonly #size = makeElement('p', 'facts');
  readonly #sharp: HTMLInputElement;
  #mode: Mode = 'photos';
  #base: BaseLook | null = null;
  /** What is learned. */
  #session: Session | null = null;
  /** The state that was announced. */
  #saidState: SessionState | null = null;
  #drawId = 0;

  constructor(readonly parts: PanelParts) {
    const { notifications, renderLoop } = parts;
    const common = {
      notifications,
      renderLoop,
      baseLook: () => this.#currentLook(),
      showPanel: () => this.element.showPopover(),
    };
    this.#sections = {
      photos: new PhotosSection({ ...common, onChange: () => this.#changeExamples('photos') }),
      frames: new FramesSection({ ...common, onChange: () => this.#changeExamples('frames') }),
    };
    const title = makeElement('h2', '', 'Learn');
    title.id = 'learn-title';
    this.element.id = PANEL_ID;
    this.element.setAttribute('popover', '');
    this.element.setAttribute('aria-labelledby', title.id);
    const modes = makeToggles<Mode>(
      'What to learn from',
      [
        ['photos', 'Photos'],
        ['frames', 'Painted frame'],
      ],
      mode => this.#setMode(mode),
    );
    this.#learn = makeButton('Learn', () => void this.#toggle(), 'primary');
    this.#restart = makeButton('Start again', () => void this.#startAgain());
    this.#save = makeButton('Save as a look', () => void this.#saveLook());
    const [sharpRow, sharp] = makeCheckbox('Sharper, in slower steps', () => void this.#setSharp());
    sharpRow.title = 'A second network judges what is painted, and learns too';
    this.#sharp = sharp;
    const after = makeElement('div', 'choices');
    after.append(this.#restart, this.#save);
    this.element.append(
      title,
      modes.element,
      this.#place,
      sharpRow,
      this.#learn,
      this.#plot.element,
      after,
      this.#message,
      this.#size,
    );
    modes.set('photos');
  }

  /** The look of the page now, or null while there is none. */
  #currentLook(): BaseLook | null {
    const { current } = this.parts.lookLoader;
    if (!current) return null;
    if (this.#base?.bytes === current.bytes) return this.#base;
    const { info } = current.look;
    return { info, bytes: current.bytes, title: lookTitle(info, current.fileName) };
  }

  #setMode(mode: Mode): void {
    if (mode !== this.#mode) this.#forget();
    this.#mode = mode;
    this.#place.replaceChildren(this.#sections[mode].element);
    this.#update();
  }

  /** Learning goes on with the examples that there are now. */
  #changeExamples(mode: Mode): void {
    if (mode !== this.#mode) return;
    const section = this.#sections[mode];
    if (this.#session && this.#base && section.examples) {
      this.#session.task.makeBatch = section.makeTask(this.#base).makeBatch;
    } else if (!section.examples) this.#session?.pause();
    this.#update();
  }

  async #toggle(): Promise<void> {
    if (this.#session && this.#session.state !== 'paused') {
      this.#session.pause();
      return;
    }
    const section = this.#sections[this.#mode];
    const look = this.#currentLook();
    this.#say('');
    if (!look || !section.examples) {
      this.#tell(look ? section.advice : 'Choose a look first.');
      return;
    }
    if (look !== this.#base) this.#forget();
    this.#base = look;
    try {
      this.#session ??= this.#makeSession(section, look);
    } catch (error) {
      this.#tell(errorMessage(error));
      return;
    }
    this.parts.notifications.inform(`Preparing to learn from ${section.examples}.`);
    await this.#session.learn();
  }

  #makeSession(section: Section, look: BaseLook): Session {
    const { renderLoop, lookLoader } = this.parts;
    const task = section.makeTask(look);
    const following = followInPage(
      renderLoop,
      task.name,
      () => lookLoader.current?.bytes !== look.bytes,
      error => this.#tell(errorMessage(error)),
    );
    const events = {
      onChange: () => this.#handleChange(session),
      onError: (sentence: string) => this.#tell(sentence),
    };
    const session: Session = new Session(task, events, following, this.#sharp.checked);
    return session;
  }

  /** What was learned stays, whatever is ticked. */
  async #setSharp(): Promise<void> {
    const [session, isSharp] = [this.#session, this.#sharp.checked];
    this.#say('');
    try {
      await session?.setSharp(isSharp);
    } catch (error) {
      if (session !== this.#session) return;
      this.#sharp.checked = !isSharp;
      this.#tell(errorMessage(error));
    }
  }

  /** Another look ends what is learned. */
  #handleChange(session: Session): void {
    if (session !== this.#session) return;
    if (this.#currentLook() !== this.#base) {
      this.#forget();
      this.#tell('Another look paints now. Press Learn: then that one learns.');
      return;
    }
    this.#announceState(session);
    this.#drawId ||= requestAnimationFrame(() => {
      this.#drawId = 0;
      this.#update();
    });
  }

  #announceState(session: Session): void {
    const { state, steps, losses } = session;
    if (state === this.#saidState) return;
    const wasLearning = this.#saidState === 'learning' || this.#saidState === 'pausing';
    this.#saidState = state;
    const from = this.#sections[this.#mode].examples;
    if (state === 'learning') {
      this.parts.notifications.inform(`Learning from ${from}, on ${session.place}.`);
    } else if (state === 'paused' && wasLearning && !this.#message.textContent) {
      const loss = losses.length > 0 ? ` The loss is ${recentMean(losses).toFixed(4)}.` : '';
      this.parts.notifications.inform(`Paused at step ${steps}.${loss}`);
    }
  }

  async #startAgain(): Promise<void> {
    const session = this.#session;
    if (!session) return;
    this.#say('');
    try {
      await session.restart();
      if (session === this.#session) this.parts.notifications.inform('Learning begins anew.');
    } catch (error) {
      if (session === this.#session) this.#tell(errorMessage(error));
    }
  }

  async #saveLook(): Promise<void> {
    if (!this.#session) return;
    try {
      await saveLearned(this.#session, this.parts);
    } catch (error) {
      this.#tell(errorMessage(error));
    }
  }

  /** Ends what is learned. The painting stays until something else paints. */
  #forget(): void {
    this.#session?.destroy();
    this.#session = null;
    this.#base = null;
    this.#saidState = null;
    this.#say('');
    this.#update();
  }

  #say(sentence: string): void {
    this.#message.textContent = sentence;
  }

  /** Says something that stays in the panel. */
  #tell(sentence: string): void {
    this.#say(sentence);
    this.parts.notifications.inform(sentence);
    this.#update();
  }

  #update(): void {
    const session = this.#session;
    const state = session?.state ?? 'paused';
    this.#plot.show(session);
    const word = session && session.steps > 0 ? 'Learn on' : 'Learn';
    const words = { preparing: 'Preparing…', learning: 'Pause', pausing: 'Pausing…', paused: word };
    this.#learn.textContent = words[state];
    const isEmpty = !session || session.losses.length === 0;
    const isPreparing = state === 'preparing';
    const isBusy = isPreparing || state === 'pausing';
    this.#sharp.disabled = isBusy;
    this.#restart.disabled = isEmpty || isBusy;
    this.#save.disabled = isEmpty || isPreparing;
    const bytes = session?.task.form.bytes;
    this.#size.textContent = bytes ? `Saved, it has ${formatFileSize(bytes)}.` : '';
    getButton('learn-button').classList.toggle('is-learning', state === 'learning');
  }
}
