// The form in which the visitor chooses what to measure.

import { readLook } from '../engine/index.ts';
import { getButton, getElement, makeElement } from '../shared/dom.ts';
import type { LookUrls } from './look-files.ts';
import type { Environment } from './results.ts';
import { isRival, NODE, RIVAL_NAMES, RIVALS, type RivalName } from './rivals/index.ts';

/** Lists of the looks beside the page, as `limner publish` and `limner bench browser` write them. */
const LISTS = ['./looks/looks.json', '../looks/looks.json'];

interface LookListEntry {
  readonly file: string;
  readonly name: string;
  readonly pixels: number;
  readonly tfjs?: string;
  readonly tflite?: string;
}

export class Form {
  #looks: LookUrls[] = [];
  readonly #ownLook = getElement('own-look', HTMLInputElement);

  constructor() {
    for (const name of RIVAL_NAMES.filter(rival => rival !== NODE)) {
      const { box, label } = makeChoice('checkbox', 'rival', name, RIVALS[name].label);
      box.checked = true;
      getElement('rivals').append(label);
    }
    this.#ownLook.addEventListener('change', () => {
      for (const box of checkedInputs('look')) box.checked = false;
    });
  }

  /** Fills in the looks beside the page. */
  async loadLooks(): Promise<void> {
    this.#looks = await fetchLookList();
    const container = getElement('looks');
    this.#looks.forEach(({ name, pixels }, i) => {
      const { box, label } = makeChoice('checkbox', 'look', String(i), `${name}, ${pixels} pixels`);
      box.checked = i === 0;
      container.append(label);
    });
    if (this.#looks.length === 0)
      container.append(makeElement('p', 'muted', 'There are no looks beside this page: open your own.'));
  }

  /** Rejects with the engine's message if the visitor's own file is not a look. */
  async selectedLooks(): Promise<LookUrls[]> {
    const listed = checkedInputs('look').flatMap(({ value }) => this.#looks[Number(value)] ?? []);
    const file = this.#ownLook.files?.[0];
    if (!file) return listed;
    const { info } = await readLook(new Uint8Array(await file.arrayBuffer()));
    return [
      ...listed,
      { name: info.name || file.name, pixels: info.pixels, onnx: URL.createObjectURL(file) },
    ];
  }

  selectedRivals(): RivalName[] {
    return checkedInputs('rival')
      .map(({ value }) => value)
      .filter(isRival);
  }

  isQuick(): boolean {
    return checkedInputs('length')[0]?.value === 'quick';
  }

  selectedVideo(): Environment['video'] {
    return getElement('camera', HTMLInputElement).checked ? 'camera' : 'scene';
  }

  enable(isEnabled: boolean): void {
    for (const field of document.querySelectorAll('fieldset')) field.disabled = !isEnabled;
    getButton('start').disabled = !isEnabled;
  }
}

const checkedInputs = (name: string): HTMLInputElement[] => [
  ...document.querySelectorAll<HTMLInputElement>(`input[name="${name}"]:checked`),
];

function makeChoice(type: string, name: string, value: string, text: string) {
  const label = makeElement('label');
  const box = makeElement('input');
  Object.assign(box, { type, name, value });
  label.append(box, text);
  return { box, label };
}

async function fetchLookList(): Promise<LookUrls[]> {
  for (const list of LISTS) {
    const response = await fetch(list).catch(() => null);
    if (!response?.ok) continue;
    const { looks } = (await response.json()) as { looks: LookListEntry[] };
    const resolveUrl = (file: string) => new URL(file, response.url).href;
    return looks.map(({ file, name, pixels, tfjs, tflite }) => ({
      name,
      pixels,
      onnx: resolveUrl(file),
      ...(tfjs && { tfjs: resolveUrl(tfjs) }),
      ...(tflite && { tflite: resolveUrl(tflite) }),
    }));
  }
  return [];
}
