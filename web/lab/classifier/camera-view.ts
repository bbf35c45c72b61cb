/** The visitor's camera, for pictures to learn from or to be asked about. It is asked for only when a button is pressed. */
import { centerCrop, getContext2d } from '../../shared/canvas.ts';
import { makeElement } from '../../shared/dom.ts';
import { Capture } from '../shell/capture.ts';
import { makeButton } from '../shell/controls.ts';

/** Between two frames. */
const INTERVAL_MS = 90;

const REASONS: Readonly<Record<string, string>> = {
  NotAllowedError: 'The camera was refused. Allow it for this page beside the browser’s address bar.',
  NotFoundError: 'No camera was found. Plug one in, and try again.',
  NotReadableError: 'The camera does not answer. Another program may be using it: close that one.',
};
const INSECURE =
  'Browsers give the camera only to pages that come over https or from this machine (localhost).';

export class CameraView {
  readonly element = makeElement('div', 'camera');
  readonly #video = makeElement('video');
  readonly #button: HTMLButtonElement;
  readonly #canvas = makeElement('canvas');
  readonly #capture = new Capture({
    audio: false,
    video: { width: { ideal: 640 }, height: { ideal: 480 } },
  });

  constructor(
    readonly onFrame: () => void,
    readonly say: (sentence: string) => void,
  ) {
    this.#video.muted = true;
    this.#video.playsInline = true;
    this.#video.hidden = true;
    this.#video.setAttribute('aria-label', 'What the camera sees');
    this.#button = makeButton('Use the camera', () => void this.#toggle());
    this.element.append(this.#video, this.#button);
  }

  get isOn(): boolean {
    return this.#capture.stream !== null;
  }

  /** The middle of what it sees now: `side` x `side` RGBA bytes. */
  grab(side: number): ImageData | null {
    const { videoWidth, videoHeight } = this.#video;
    if (!this.isOn || videoWidth === 0) return null;
    this.#canvas.width = side;
    this.#canvas.height = side;
    const context = getContext2d(this.#canvas, { willReadFrequently: true });
    context.drawImage(this.#video, ...centerCrop(videoWidth, videoHeight), 0, 0, side, side);
    return context.getImageData(0, 0, side, side);
  }

  async open(): Promise<boolean> {
    if (this.isOn) return true;
    let stream: MediaStream | null = null;
    try {
      if (!navigator.mediaDevices?.getUserMedia) throw new Error(INSECURE);
      stream = await this.#capture.open();
      if (!stream) return false;
      this.#video.srcObject = stream;
      await this.#video.play();
    } catch (error) {
      // It was closed meanwhile, which ends `play`.
      if (stream && stream !== this.#capture.stream) return false;
      const { name = '', message = '' } = error as Partial<DOMException>;
      this.close();
      this.say(REASONS[name] ?? (message || 'The camera could not be opened.'));
      return false;
    }
    this.#showState();
    this.#tick();
    return true;
  }

  close(): void {
    this.#capture.close();
    this.#video.srcObject = null;
    this.#showState();
  }

  async #toggle(): Promise<void> {
    if (this.isOn) this.close();
    else await this.open();
  }

  #showState(): void {
    this.#video.hidden = !this.isOn;
    this.#button.textContent = this.isOn ? 'Close the camera' : 'Use the camera';
  }

  #tick(): void {
    if (!this.isOn) return;
    // Nobody sees it any more.
    if (!this.element.isConnected) {
      this.close();
      return;
    }
    if (!document.hidden) this.onFrame();
    window.setTimeout(() => this.#tick(), INTERVAL_MS);
  }
}
