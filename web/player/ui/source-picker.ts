/** The choice of the source: camera, video, picture or the built-in scene. */
import { bindFileInput, getButton, getElement, makeElement } from '../../shared/dom.ts';
import { errorMessage, OwnTabError } from '../../shared/errors.ts';
import { type CameraDevice, isCameraGranted, listCameras, openCamera } from '../sources/camera.ts';
import { openPicture, openVideo } from '../sources/file.ts';
import { openScene } from '../sources/scene.ts';
import type { Source, SourceKind } from '../sources/source.ts';
import type { Notifications } from './notifications.ts';
import { makeTabAction } from './own-tab.ts';

const KINDS: readonly SourceKind[] = ['camera', 'video', 'picture', 'scene'];

export class SourcePicker {
  readonly #notifications: Notifications;
  readonly #onSource: (source: Source) => void;
  readonly #cameraButton = getButton('camera-button');
  readonly #deviceSelect = getElement('device-select', HTMLSelectElement);
  #kind: SourceKind = 'scene';
  #source: Source | null = null;
  /** Counts the choices, so that a camera that opens late does not undo a later choice. */
  #choiceCount = 0;
  /** Whether the scene replaces a camera that was disconnected. */
  #isCameraMissing = false;

  constructor(notifications: Notifications, onSource: (source: Source) => void) {
    this.#notifications = notifications;
    this.#onSource = onSource;
    this.#cameraButton.addEventListener('click', () => void this.chooseCamera());
    getButton('source-camera').addEventListener('click', () => void this.chooseCamera());
    getButton('source-scene').addEventListener(
      'click',
      () => void this.#openSource('scene', async () => openScene()),
    );
    bindFileInput('source-video', 'file-video', file => void this.chooseVideo(file));
    bindFileInput('source-picture', 'file-picture', file => void this.choosePicture(file));
    this.#deviceSelect.addEventListener('change', () => void this.chooseCamera(this.#deviceSelect.value));
    navigator.mediaDevices?.addEventListener?.('devicechange', () => void this.#onDeviceChange());
  }

  async chooseCamera(deviceId: string | null = null): Promise<void> {
    this.#cameraButton.disabled = true;
    // Many phones open only one camera at a time, so the previous one is stopped first.
    if (this.#kind === 'camera') {
      this.#source?.stop();
      this.#source = null;
    }
    await this.#openSource('camera', () => openCamera(deviceId, () => this.#fallBackToScene()));
    this.#cameraButton.disabled = false;
  }

  async chooseVideo(file: File): Promise<void> {
    await this.#openSource('video', () => openVideo(file));
  }

  async choosePicture(file: File): Promise<void> {
    await this.#openSource('picture', () => openPicture(file));
  }

  /** Opens a source and uses it; false if it failed or another was chosen meanwhile. */
  async #openSource(kind: SourceKind, open: () => Promise<Source>): Promise<boolean> {
    this.#choiceCount += 1;
    const choice = this.#choiceCount;
    // Not when the source is ready: what is said meanwhile, such as of a look, is of something else.
    this.#notifications.clear();
    try {
      const source = await open();
      if (choice !== this.#choiceCount) {
        source.stop();
        return false;
      }
      this.#useSource(kind, source);
      if (kind === 'camera') await this.#updateDevices(source);
      return true;
    } catch (error) {
      if (choice !== this.#choiceCount) return false;
      // The previous camera may have been stopped for this one.
      if (this.#kind === 'camera' && !this.#source) this.#useSource('scene', openScene());
      const retry = { label: 'Try again', run: () => void this.#openSource(kind, open) };
      const remedy = error instanceof OwnTabError ? makeTabAction(this.#notifications) : retry;
      this.#notifications.alert(errorMessage(error), kind === 'camera' ? remedy : undefined);
      return false;
    }
  }

  #useSource(kind: SourceKind, source: Source): void {
    this.#source = source;
    this.#markKind(kind);
    this.#onSource(source);
  }

  async #onDeviceChange(): Promise<void> {
    await this.#updateDevices();
    // An exhibit resumes by itself when its camera is back, if that needs no permission prompt.
    if (this.#isCameraMissing && (await listCameras()).length > 0 && (await isCameraGranted()))
      await this.chooseCamera();
  }

  #fallBackToScene(): void {
    void this.#openSource('scene', async () => openScene()).then(opened => {
      if (!opened) return;
      this.#isCameraMissing = true;
      const retry = { label: 'Try again', run: () => void this.chooseCamera() };
      this.#notifications.alert(
        'The camera was disconnected, so the built-in scene is painted. Plug it in again to continue.',
        retry,
      );
    });
  }

  #markKind(kind: SourceKind): void {
    this.#kind = kind;
    this.#isCameraMissing = false;
    for (const one of KINDS) getButton(`source-${one}`).setAttribute('aria-pressed', String(one === kind));
    document.body.dataset.source = kind;
    this.#cameraButton.hidden = kind === 'camera';
    getElement('device-row').hidden = kind !== 'camera' || this.#deviceSelect.options.length < 2;
  }

  async #updateDevices(source?: Source): Promise<void> {
    if (this.#kind !== 'camera') return;
    const devices: CameraDevice[] = await listCameras();
    const current = source ? currentDeviceId(source) : this.#deviceSelect.value;
    this.#deviceSelect.replaceChildren(
      ...devices.map(({ id, label }) => {
        const option = makeElement('option', '', label);
        option.value = id;
        option.selected = id === current;
        return option;
      }),
    );
    getElement('device-row').hidden = devices.length < 2;
  }
}

function currentDeviceId(source: Source): string {
  const { frame } = source;
  const stream = frame instanceof HTMLVideoElement ? frame.srcObject : null;
  if (!(stream instanceof MediaStream)) return '';
  return stream.getVideoTracks()[0]?.getSettings().deviceId ?? '';
}
