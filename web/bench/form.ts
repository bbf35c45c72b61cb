// What is measured, as the visitor chooses it.

import { readLook } from '../engine/index.ts';
import { button, element, make } from '../shared/dom.ts';
import type { LookAddress } from './look-files.ts';
import type { Origin } from './results.ts';
import { isRival, RIVAL_NAMES, RIVALS, type RivalName } from './rivals/index.ts';

/** Looks that lie beside the page, as `limner publish` and `limner bench browser` list them. */
const LISTS = ['./looks/looks.json', '../looks/looks.json'];

interface Listed {
  readonly file: string;
  readonly name: string;
  readonly pixels: number;
  readonly tfjs?: string;
  readonly tflite?: string;
}

export class Form {
  #looks: LookAddress[] = [];
  readonly #own = element('own-look', HTMLInputElement);

  constructor() {
    for (const name of RIVAL_NAMES) {
      const { box, label } = choice('checkbox', 'rival', name, RIVALS[name].label);
      box.checked = true;
      element('rivals').append(label);
    }
    this.#own.addEventListener('change', () => {
      for (const box of chosen('look')) box.checked = false;
    });
  }

  /** Offers the looks that lie beside the page. */
  async fill(): Promise<void> {
    this.#looks = await listed();
    const place = element('looks');
    this.#looks.forEach(({ name, pixels }, i) => {
      const { box, label } = choice('checkbox', 'look', String(i), `${name}, ${pixels} pixels`);
      box.checked = i === 0;
      place.append(label);
    });
    if (this.#looks.length === 0)
      place.append(make('p', 'quiet', 'No looks lie beside this page: open your own.'));
  }

  /** Rejects with the engine's sentence where the visitor's own file is no look. */
  async looks(): Promise<LookAddress[]> {
    const picked = chosen('look').flatMap(({ value }) => this.#looks[Number(value)] ?? []);
    const own = this.#own.files?.[0];
    if (!own) return picked;
    const { info } = await readLook(new Uint8Array(await own.arrayBuffer()));
    return [...picked, { name: info.name || own.name, pixels: info.pixels, onnx: URL.createObjectURL(own) }];
  }

  rivals(): RivalName[] {
    return chosen('rival')
      .map(({ value }) => value)
      .filter(isRival);
  }

  quick(): boolean {
    return chosen('length')[0]?.value === 'quick';
  }

  video(): Origin['video'] {
    return element('camera', HTMLInputElement).checked ? 'camera' : 'scene';
  }

  enable(enabled: boolean): void {
    for (const field of document.querySelectorAll('fieldset')) field.disabled = !enabled;
    button('start').disabled = !enabled;
  }
}

const chosen = (name: string): HTMLInputElement[] => [
  ...document.querySelectorAll<HTMLInputElement>(`input[name="${name}"]:checked`),
];

function choice(type: string, name: string, value: string, text: string) {
  const label = make('label');
  const box = make('input');
  Object.assign(box, { type, name, value });
  label.append(box, text);
  return { box, label };
}

async function listed(): Promise<LookAddress[]> {
  for (const list of LISTS) {
    const response = await fetch(list).catch(() => null);
    if (!response?.ok) continue;
    const { looks } = (await response.json()) as { looks: Listed[] };
    const at = (file: string) => new URL(file, response.url).href;
    return looks.map(({ file, name, pixels, tfjs, tflite }) => ({
      name,
      pixels,
      onnx: at(file),
      ...(tfjs && { tfjs: at(tfjs) }),
      ...(tflite && { tflite: at(tflite) }),
    }));
  }
  return [];
}
