/** The choice of what is painted: camera, video, picture or the built-in scene. */

import { button, element, make } from '../../shared/dom.ts';
import { errorMessage } from '../../shared/errors.ts';
import { type CameraDevice, cameraGranted, cameras, openCamera } from '../sources/camera.ts';
import { openPicture, openVideo } from '../sources/file.ts';
import { openScene } from '../sources/scene.ts';
import type { Source, SourceKind } from '../sources/source.ts';
import type { Speech } from './notifications.ts';

const KINDS: readonly SourceKind[] = ['camera', 'video', 'picture', 'scene'];

export class Subject {
  readonly #speech: Speech;
  readonly #onSource: (source: Source) => void;
  readonly #invite = button('camera-invite');
  readonly #devices = element('device-select', HTMLSelectElement);
  #kind: SourceKind = 'scene';
  #source: Source | null = null;
  /** Counts choices, so that a camera that answers late does not undo a later choice. */
  #choice = 0;
  /** Whether the scene stands in for a camera that went away. */
  #missing = false;

  constructor(speech: Speech, onSource: (source: Source) => void) {
    this.#speech = speech;
    this.#onSource = onSource;
    this.#invite.addEventListener('click', () => void this.camera());
    button('source-camera').addEventListener('click', () => void this.camera());
    button('source-scene').addEventListener('click', () => void this.#open('scene', async () => openScene()));
    this.#files('video', file => this.video(file));
    this.#files('picture', file => this.picture(file));
    this.#devices.addEventListener('change', () => void this.camera(this.#devices.value));
    navigator.mediaDevices?.addEventListener?.('devicechange', () => void this.#devicesChanged());
  }

  async camera(deviceId: string | null = null): Promise<void> {
    this.#invite.disabled = true;
    // Many phones give one camera at a time: the one before is let go first.
    if (this.#kind === 'camera') {
      this.#source?.stop();
      this.#source = null;
    }
    await this.#open('camera', () => openCamera(deviceId, () => this.#unplugged()));
    this.#invite.disabled = false;
  }

  async video(file: File): Promise<void> {
    await this.#open('video', () => openVideo(file));
  }

  async picture(file: File): Promise<void> {
    await this.#open('picture', () => openPicture(file));
  }

  /** Opens a subject and hands it on; false where it failed or a later choice won. */
  async #open(kind: SourceKind, open: () => Promise<Source>): Promise<boolean> {
    this.#choice += 1;
    const choice = this.#choice;
    try {
      const source = await open();
      if (choice !== this.#choice) {
        source.stop();
        return false;
      }
      this.#speech.calm();
      this.#take(kind, source);
      if (kind === 'camera') await this.#listDevices(source);
      return true;
    } catch (problem) {
      if (choice !== this.#choice) return false;
      // The camera before may have been stopped for another one.
      if (this.#kind === 'camera' && !this.#source) this.#take('scene', openScene());
      const remedy = { label: 'Try again', run: () => void this.#open(kind, open) };
      this.#speech.fail(errorMessage(problem), kind === 'camera' ? remedy : undefined);
      return false;
    }
  }

  #take(kind: SourceKind, source: Source): void {
    this.#source = source;
    this.#set(kind);
    this.#onSource(source);
  }

  async #devicesChanged(): Promise<void> {
    await this.#listDevices();
    // An exhibit goes on by itself when its camera is back, if nobody need be asked.
    if (this.#missing && (await cameras()).length > 0 && (await cameraGranted())) await this.camera();
  }

  #unplugged(): void {
    void this.#open('scene', async () => openScene()).then(opened => {
      if (!opened) return;
      this.#missing = true;
      const remedy = { label: 'Try again', run: () => void this.camera() };
      this.#speech.fail(
        'The camera went away, so the built-in scene is painted. Plug it in again to go on.',
        remedy,
      );
    });
  }

  #set(kind: SourceKind): void {
    this.#kind = kind;
    this.#missing = false;
    for (const one of KINDS) button(`source-${one}`).setAttribute('aria-pressed', String(one === kind));
    document.body.dataset.subject = kind;
    this.#invite.hidden = kind === 'camera';
    element('device-row').hidden = kind !== 'camera' || this.#devices.options.length < 2;
  }

  #files(kind: 'video' | 'picture', take: (file: File) => Promise<void>): void {
    const input = element(`file-${kind}`, HTMLInputElement);
    button(`source-${kind}`).addEventListener('click', () => input.click());
    input.addEventListener('change', () => {
      const file = input.files?.[0];
      if (file) void take(file);
      input.value = '';
    });
  }

  async #listDevices(source?: Source): Promise<void> {
    if (this.#kind !== 'camera') return;
    const found: CameraDevice[] = await cameras();
    const current = source ? currentDevice(source) : this.#devices.value;
    this.#devices.replaceChildren(
      ...found.map(({ id, label }) => {
        const option = make('option', '', label);
        option.value = id;
        option.selected = id === current;
        return option;
      }),
    );
    element('device-row').hidden = found.length < 2;
  }
}

function currentDevice(source: Source): string {
  const { frame } = source;
  const stream = frame instanceof HTMLVideoElement ? frame.srcObject : null;
  if (!(stream instanceof MediaStream)) return '';
  return stream.getVideoTracks()[0]?.getSettings().deviceId ?? '';
}
