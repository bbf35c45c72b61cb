/** What a tab can be set to: each field has a usual value, and a text for the address. */

export interface Field<T> {
  readonly usual: T;
  /** The value of a text of the address; null if it is none. */
  read(text: string): T | null;
  write(value: T): string;
}

const readNumber = (text: string, least: number, most: number): number | null => {
  const value = text.trim() === '' ? Number.NaN : Number(text);
  return value >= least && value <= most ? value : null;
};

export const numberField = (usual: number, least: number, most: number): Field<number> => ({
  usual,
  read: text => readNumber(text, least, most),
  write: String,
});

export const integerField = (usual: number, least: number, most: number): Field<number> => ({
  usual,
  read: text => {
    const value = readNumber(text, least, most);
    return Number.isSafeInteger(value) ? value : null;
  },
  write: String,
});

/** A number, or null for the one that fits the rest of the settings. */
export const optionalNumberField = (least: number, most: number): Field<number | null> => ({
  usual: null,
  read: text => readNumber(text, least, most),
  write: String,
});

export const choiceField = <T extends string>(usual: T, choices: readonly T[]): Field<T> => ({
  usual,
  read: text => choices.find(choice => choice === text) ?? null,
  write: value => value,
});

export const flagField = (usual: boolean): Field<boolean> => ({
  usual,
  read: text => (text === '1' ? true : text === '0' ? false : null),
  write: value => (value ? '1' : '0'),
});

/** Some of the choices, in the order of the choices. */
export const someField = <T extends string>(
  usual: readonly T[],
  choices: readonly T[],
): Field<readonly T[]> => ({
  usual,
  read: text => {
    const names = text === '' ? [] : text.split('.');
    const isKnown = names.every(name => choices.some(choice => choice === name));
    return isKnown ? choices.filter(choice => names.includes(choice)) : null;
  },
  write: values => values.join('.'),
});

/** A place: two numbers, or null for the usual one. */
export const pointField = (least: number, most: number): Field<readonly [number, number] | null> => ({
  usual: null,
  read: text => {
    const [x, y, ...more] = text.split('_').map(part => readNumber(part, least, most));
    return x != null && y != null && more.length === 0 ? [x, y] : null;
  },
  write: value => (value ?? []).join('_'),
});
