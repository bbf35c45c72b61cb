/** What moves the two latent numbers of a bred picture: time, sound, a MIDI controller. */
import { Capture } from '../shell/capture.ts';
import type { Latent } from './evaluate.ts';
import type { Drive } from './settings.ts';

/** Seconds of a round of each number. */
const [FIRST_PERIOD, SECOND_PERIOD] = [17, 23];
const REACH = 1.2;
/** How much of a change is left after a second: numbers shall glide. */
const LEFT = 5e-4;
const FFT_SIZE = 512;
/** Where low tones begin and end, and high ones, among the levels of the transform. */
const [LOW, MIDDLE, HIGH] = [1, 12, 80];

export class LatentDrive {
  readonly #microphone = new Capture({ audio: true });
  #sound: { readonly context: AudioContext; readonly analyser: AnalyserNode } | null = null;
  #levels = new Uint8Array();
  #midi: MIDIAccess | null = null;
  #moved: [number, number] = [0, 0];
  #controllers: number[] = [];
  #seconds = 0;
  #latent: Latent = [0, 0];

  get latent(): Latent {
    return this.#latent;
  }

  /** Asks for the microphone or the MIDI devices, or lets go of the microphone. Throws if there are none, or if they are not
   * allowed. */
  async open(drive: Drive): Promise<void> {
    if (drive === 'sound') await this.#listen();
    else this.close();
    if (drive === 'midi') await this.#connect();
  }

  /** Lets go of the microphone. */
  close(): void {
    this.#microphone.close();
    void this.#sound?.context.close();
    this.#sound = null;
  }

  async #listen(): Promise<void> {
    if (this.#sound) return;
    const stream = await this.#openMicrophone();
    if (!stream) return;
    const context = new AudioContext();
    const analyser = context.createAnalyser();
    analyser.fftSize = FFT_SIZE;
    this.#levels = new Uint8Array(analyser.frequencyBinCount);
    context.createMediaStreamSource(stream).connect(analyser);
    this.#sound = { context, analyser };
    // Without a touch of the page it begins suspended.
    await context.resume();
  }

  /** Null if it is not wanted any more when it is allowed. */
  async #openMicrophone(): Promise<MediaStream | null> {
    try {
      return await this.#microphone.open();
    } catch (error) {
      throw new Error('There is no microphone, or this page may not use it.', { cause: error });
    }
  }

  async #connect(): Promise<void> {
    if (this.#midi) return;
    const access = await navigator.requestMIDIAccess?.().catch(() => null);
    if (!access) throw new Error('This browser has no MIDI, or this page may not use it.');
    this.#midi = access;
    const hear = ({ data }: MIDIMessageEvent) => this.#hear(data);
    const listen = () => {
      // A listener that is there already is not added again.
      for (const input of access.inputs.values()) input.addEventListener('midimessage', hear);
    };
    listen();
    access.addEventListener('statechange', listen);
  }

  /** The first two controllers or keys that are moved are the two numbers. */
  #hear(data: Uint8Array | null): void {
    const [kind = 0, number = 0, value = 0] = data ?? [];
    const isControl = (kind & 0xf0) === 0xb0;
    const isKey = (kind & 0xf0) === 0x90 && value > 0;
    if (!isControl && !isKey) return;
    // Keys are one controller, whose value is the key.
    const name = isControl ? number : -1;
    if (!this.#controllers.includes(name)) this.#controllers.push(name);
    this.#moved[this.#controllers.indexOf(name) % 2] = ((isControl ? value : number) / 127) * 2 - 1;
  }

  /** So many seconds later. */
  move(drive: Drive, seconds: number): void {
    this.#seconds += seconds;
    const wave = (period: number) => REACH * Math.sin((2 * Math.PI * this.#seconds) / period);
    if (drive === 'time') this.#latent = [wave(FIRST_PERIOD), wave(SECOND_PERIOD)];
    if (drive !== 'sound' && drive !== 'midi') return;
    const wanted = drive === 'sound' ? this.#hearing() : this.#moved;
    const near = (i: 0 | 1) => {
      const goal = 2 * REACH * wanted[i];
      return goal + LEFT ** seconds * (this.#latent[i] - goal);
    };
    this.#latent = [near(0), near(1)];
  }

  /** The levels of low and of high tones, -0.5 to 1.5. */
  #hearing(): Latent {
    this.#sound?.analyser.getByteFrequencyData(this.#levels);
    const mean = (first: number, end: number) => {
      let sum = 0;
      for (let i = first; i < end; i++) sum += this.#levels[i] ?? 0;
      return (2 * sum) / (end - first) / 255 - 0.5;
    };
    return [mean(LOW, MIDDLE), mean(MIDDLE, HIGH)];
  }

  /** Back to where time begins. */
  rewind(): void {
    this.#seconds = 0;
    this.#latent = [0, 0];
  }
}
