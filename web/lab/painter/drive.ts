/** What moves the two latent numbers of a bred picture: time, sound, a MIDI controller. */
import type { Latent } from './evaluate.ts';
import type { Drive } from './settings.ts';

/** Seconds of a round of each number. */
const [FIRST_PERIOD, SECOND_PERIOD] = [17, 23];
const REACH = 1.2;
/** How much of a change a moment shows: numbers shall glide. */
const SMOOTH = 0.12;

export class LatentDrive {
  #sound: AnalyserNode | null = null;
  #levels = new Uint8Array();
  #midi: [number, number] | null = null;
  #controllers: number[] = [];
  #last: Latent = [0, 0];

  /** Asks for the microphone or the MIDI devices. Throws if there are none, or if they are not allowed. */
  async open(drive: Drive): Promise<void> {
    if (drive === 'sound' && !this.#sound) {
      const stream = await navigator.mediaDevices?.getUserMedia({ audio: true }).catch(() => null);
      if (!stream) throw new Error('There is no microphone, or this page may not use it.');
      const context = new AudioContext();
      this.#sound = context.createAnalyser();
      this.#sound.fftSize = 512;
      this.#levels = new Uint8Array(this.#sound.frequencyBinCount);
      context.createMediaStreamSource(stream).connect(this.#sound);
    }
    if (drive === 'midi' && !this.#midi) {
      const access = await navigator.requestMIDIAccess?.().catch(() => null);
      if (!access) throw new Error('This browser has no MIDI, or this page may not use it.');
      this.#midi = [0, 0];
      for (const input of access.inputs.values()) {
        input.addEventListener('midimessage', ({ data }) => this.#hear(data));
      }
    }
  }

  /** The first two controllers or keys that are moved are the two numbers. */
  #hear(data: Uint8Array | null): void {
    const [kind = 0, number = 0, value = 0] = data ?? [];
    const isControl = (kind & 0xf0) === 0xb0;
    const isKey = (kind & 0xf0) === 0x90;
    if (!this.#midi || (!isControl && !isKey)) return;
    const name = isControl ? number : 0;
    if (!this.#controllers.includes(name)) this.#controllers.push(name);
    this.#midi[this.#controllers.indexOf(name) % 2] = ((isControl ? value : number) / 127) * 2 - 1;
  }

  at(drive: Drive, seconds: number, hand: Latent): Latent {
    if (drive === 'hand') return hand;
    const wave = (period: number) => Math.sin((2 * Math.PI * seconds) / period);
    const wanted: Latent =
      drive === 'sound'
        ? this.#hearing()
        : drive === 'midi'
          ? (this.#midi ?? [0, 0])
          : [wave(FIRST_PERIOD), wave(SECOND_PERIOD)];
    if (drive === 'time') return [REACH * wanted[0], REACH * wanted[1]];
    const near = (i: 0 | 1) => this.#last[i] + SMOOTH * (2 * REACH * wanted[i] - this.#last[i]);
    this.#last = [near(0), near(1)];
    return this.#last;
  }

  /** The level of low and of high tones. */
  #hearing(): Latent {
    this.#sound?.getByteFrequencyData(this.#levels);
    const mean = (first: number, end: number) => {
      let sum = 0;
      for (let i = first; i < end; i++) sum += this.#levels[i] ?? 0;
      return (2 * sum) / (end - first) / 255 - 0.5;
    };
    return [mean(1, 12), mean(12, 80)];
  }
}
