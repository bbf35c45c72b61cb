/** Frames that were frozen and painted over, whose style is learned. */
import { makeElement } from '../../shared/dom.ts';
import { makeButton } from './elements.ts';
import { FrameEditor } from './frame-editor.ts';
import { takeFrame } from './frames.ts';
import { Keyframe } from './keyframe.ts';
import { type BaseLook, countOf, type Section, type SectionParts } from './section.ts';
import { fineTuning, frameSize, keyframeLearning, type LearningTask } from './task.ts';
import { makeThumbnail } from './thumbnail.ts';

/** Frames are painted over at twice the look's size: strokes are smooth, also on large screens. */
const BOARD_SCALE = 2;
const MIN_BOARD = 512;

export class FramesSection implements Section {
  readonly element = makeElement('div', 'learn-section');
  readonly advice = 'Freeze a frame and paint over it first.';
  readonly #list = makeElement('ul', 'strip');
  readonly #count = makeElement('p', 'facts');
  readonly #editor: FrameEditor;
  #keyframes: Keyframe[] = [];

  constructor(readonly parts: SectionParts) {
    this.#editor = new FrameEditor(sentence => parts.notifications.inform(sentence));
    this.#list.dataset.empty = 'Painted frames come here';
    const hint = 'What you paint over one frame is learned for all others.';
    this.element.append(
      makeElement('p', 'hint', hint),
      makeButton('Freeze this frame…', () => this.#freeze(), 'wide'),
      this.#list,
      this.#count,
    );
    this.#show();
  }

  get examples(): string {
    return countOf(this.#keyframes.length, 'painted frame', 'painted frames');
  }

  makeTask({ info, bytes, title }: BaseLook): LearningTask {
    const keepsColour = info.guide === 'colour';
    const size = keepsColour ? { width: info.width, height: info.height } : frameSize(info);
    const examples = this.#keyframes.map(keyframe => keyframe.example(size));
    const name = keepsColour ? title : 'Painted frames';
    const texts = () => ({ name, from: `Learned in the page from ${this.examples}` });
    return keepsColour
      ? fineTuning({ bytes, size, texts }, examples, false)
      : keyframeLearning(size, examples, texts);
  }

  #freeze(): void {
    const look = this.parts.baseLook();
    const { source, isMirrored } = this.parts.renderLoop;
    const { width, height } = look?.info ?? { width: 1, height: 1 };
    const scale = Math.max(BOARD_SCALE, MIN_BOARD / Math.max(width, height));
    const size = { width: Math.round(width * scale), height: Math.round(height * scale) };
    const frame = look && takeFrame(source, isMirrored, size);
    if (!frame) {
      this.parts.notifications.inform('There is no frame yet.');
      return;
    }
    this.#edit(new Keyframe(frame));
  }

  #edit(keyframe: Keyframe): void {
    this.#editor.open(keyframe, () => {
      const others = this.#keyframes.filter(one => one !== keyframe);
      const isNew = others.length === this.#keyframes.length;
      // One that is there keeps its place; one that nothing was painted over teaches nothing.
      if (keyframe.layer.isEmpty) this.#keyframes = others;
      else if (isNew) this.#keyframes = [...this.#keyframes, keyframe];
      this.#show();
      this.parts.onChange();
      this.parts.showPanel();
    });
  }

  #remove(keyframe: Keyframe): void {
    this.#keyframes = this.#keyframes.filter(one => one !== keyframe);
    this.parts.notifications.inform('The painted frame was removed.');
    this.#show();
    this.parts.onChange();
  }

  #show(): void {
    this.#count.textContent = this.examples || 'No painted frame yet';
    this.#list.replaceChildren(
      ...this.#keyframes.map((keyframe, i) => {
        const item = makeElement('li');
        const edit = makeButton('', () => this.#edit(keyframe), 'thumbnail');
        edit.setAttribute('aria-label', `Paint on, frame ${i + 1}`);
        edit.append(makeThumbnail(keyframe.layer.over(keyframe.frame)));
        const remove = makeButton('×', () => this.#remove(keyframe), 'remove');
        remove.setAttribute('aria-label', `Remove frame ${i + 1}`);
        item.append(edit, remove);
        return item;
      }),
    );
  }
}
