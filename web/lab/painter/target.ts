/** The picture that is painted: from a source, and with strokes of one's own. */
import { centerCrop, getContext2d } from '../../shared/canvas.ts';
import { makeElement } from '../../shared/dom.ts';
import { drawStillLife } from '../../shared/still-life.ts';
import { Capture } from '../shell/capture.ts';
import { bindPen } from '../shell/pen.ts';
import type { Pixels } from './pixels.ts';

/** A moment of the still life in which it is bright. */
const MOMENT = 7;
/** Of the side. */
const BRUSH = 0.045;

/** Frames of the camera in a second: each is a new task for the network. */
const CAMERA_MS = 120;

export class Target {
  /** The canvas, with the pen that draws on it. */
  readonly element: HTMLElement;
  readonly canvas = makeElement('canvas', 'target');
  readonly #context = getContext2d(this.canvas, { willReadFrequently: true });
  /** The same object as long as nothing is painted. */
  #pixels: Pixels | null = null;
  readonly #camera = new Capture({ video: { width: 640 } });
  #timer = 0;
  /** Whether all of it can be drawn again: nothing is one's own, or of the camera. */
  #isDrawn = false;

  constructor(
    side: number,
    readonly brush: () => string,
    readonly onChange: () => void,
  ) {
    this.canvas.width = side;
    this.canvas.height = side;
    this.element = bindPen(this.canvas, 'The picture that the network paints. Draw on it.', (from, to) =>
      this.#stroke(from, to),
    );
  }

  get isDrawn(): boolean {
    return this.#isDrawn;
  }

  get side(): number {
    return this.canvas.width;
  }

  get pixels(): Pixels {
    this.#pixels ??= this.#read();
    return this.#pixels;
  }

  #read(): Pixels {
    const { side } = this;
    const { data } = this.#context.getImageData(0, 0, side, side);
    const colors = new Float32Array(3 * side * side);
    for (let from = 0, to = 0; from < data.length; from += 4, to += 3) {
      colors[to] = (data[from] ?? 0) / 255;
      colors[to + 1] = (data[from + 1] ?? 0) / 255;
      colors[to + 2] = (data[from + 2] ?? 0) / 255;
    }
    return { width: side, height: side, colors };
  }

  #changed(isDrawn = false): void {
    this.#isDrawn = isDrawn;
    this.#pixels = null;
    this.onChange();
  }

  /** The same picture with another number of pixels. */
  resize(side: number): void {
    if (side === this.side) return;
    const copy = makeElement('canvas');
    copy.width = copy.height = this.side;
    getContext2d(copy).drawImage(this.canvas, 0, 0);
    this.canvas.width = this.canvas.height = side;
    this.#context.drawImage(copy, 0, 0, side, side);
    this.#changed();
  }

  drawStillLife(): void {
    this.stopCamera();
    drawStillLife(this.#context, this.side, MOMENT);
    this.#changed(true);
  }

  /** Letters as large as fit, over a sunset of colours. */
  drawText(text: string): void {
    this.stopCamera();
    const { side } = this;
    const context = this.#context;
    const sky = context.createLinearGradient(0, 0, side * 0.4, side);
    for (const [place, color] of [
      [0, '#1d2b53'],
      [0.45, '#7e3f7a'],
      [0.75, '#e0793f'],
      [1, '#f7d488'],
    ] as const) {
      sky.addColorStop(place, color);
    }
    context.fillStyle = sky;
    context.fillRect(0, 0, side, side);
    context.font = `italic 100px Georgia, serif`;
    const size = Math.min(side * 0.75, (side * 0.86 * 100) / Math.max(1, context.measureText(text).width));
    context.font = `italic ${size}px Georgia, serif`;
    context.textAlign = 'center';
    context.textBaseline = 'middle';
    context.fillStyle = '#fff6e6';
    context.fillText(text, side / 2, side / 2);
    this.#changed(true);
  }

  /** Throws if the file is no picture. */
  async drawFile(file: Blob): Promise<void> {
    const picture = await createImageBitmap(file).catch(() => {
      throw new Error('This browser cannot read that file as a picture. Choose a PNG, JPEG or WebP file.');
    });
    this.stopCamera();
    this.#drawMiddle(picture, picture.width, picture.height);
    picture.close();
  }

  #drawMiddle(picture: CanvasImageSource, width: number, height: number): void {
    const { side } = this;
    this.#context.imageSmoothingQuality = 'high';
    this.#context.drawImage(picture, ...centerCrop(width, height), 0, 0, side, side);
    this.#changed();
  }

  /** Follows the camera, as in a mirror, until another picture is chosen. Throws if there is none, or it is not allowed. */
  async followCamera(): Promise<void> {
    this.stopCamera();
    const stream = await this.#openCamera();
    if (!stream) return;
    const video = makeElement('video');
    Object.assign(video, { srcObject: stream, muted: true, playsInline: true });
    await video.play();
    // Another picture may have been chosen while it began.
    if (stream !== this.#camera.stream) return;
    const context = this.#context;
    this.#timer = window.setInterval(() => {
      if (video.videoWidth === 0) return;
      context.setTransform(-1, 0, 0, 1, this.side, 0);
      this.#drawMiddle(video, video.videoWidth, video.videoHeight);
      context.resetTransform();
    }, CAMERA_MS);
  }

  /** Null if another picture was chosen while the visitor was asked. */
  async #openCamera(): Promise<MediaStream | null> {
    try {
      return await this.#camera.open();
    } catch (error) {
      throw new Error('There is no camera, or this page may not use it.', { cause: error });
    }
  }

  stopCamera(): void {
    window.clearInterval(this.#timer);
    this.#camera.close();
  }

  /** A piece of a stroke, between places from 0 to 1. */
  #stroke(from: readonly [number, number], to: readonly [number, number]): void {
    const { side } = this;
    const context = this.#context;
    context.strokeStyle = this.brush();
    context.lineWidth = 2 * BRUSH * side;
    context.lineCap = 'round';
    context.beginPath();
    context.moveTo(from[0] * side, from[1] * side);
    // A line of no length would be no dot.
    context.lineTo(to[0] * side, to[1] * side + 0.01);
    context.stroke();
    this.#changed();
  }
}
