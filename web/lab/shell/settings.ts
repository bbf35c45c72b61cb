/** The settings of a tab: values by name, told to who listens, and written to the address where they are not the usual. */
import type { Field } from './fields.ts';

export type Fields = Readonly<Record<string, Field<unknown>>>;
export type Values<F extends Fields> = { readonly [K in keyof F]: F[K] extends Field<infer T> ? T : never };
export type Changed<F extends Fields> = (names: ReadonlySet<keyof F>) => void;

/** One setting, for a control. */
export interface Bound<T> {
  readonly name: string;
  get(): T;
  set(value: T): void;
  listen(onChange: () => void): void;
}

/** What the page knows of a tab's settings, whatever they are. */
export interface AnySettings {
  read(query: URLSearchParams): void;
  write(): URLSearchParams;
  listen(onChange: () => void): void;
}

export class Settings<F extends Fields> implements AnySettings {
  #values: Values<F>;
  readonly #listeners: Changed<F>[] = [];

  constructor(readonly fields: F) {
    this.#values = usualValues(fields);
  }

  get values(): Values<F> {
    return this.#values;
  }

  set(part: Partial<Values<F>>): void {
    const names = Object.keys(part).filter(name => !isSame(part[name], this.#values[name]));
    if (names.length === 0) return;
    this.#values = { ...this.#values, ...part };
    const changed = new Set<keyof F>(names);
    for (const listener of this.#listeners) listener(changed);
  }

  listen(onChange: Changed<F>): void {
    this.#listeners.push(onChange);
  }

  bind<K extends keyof F & string>(name: K): Bound<Values<F>[K]> {
    return {
      name,
      get: () => this.#values[name],
      set: value => this.set({ [name]: value } as unknown as Partial<Values<F>>),
      listen: onChange => this.listen(names => names.has(name) && onChange()),
    };
  }

  /** Takes what a query has; what it lacks, or has wrong, is as usual. */
  read(query: URLSearchParams): void {
    const read = Object.entries(this.fields).map(([name, field]) => {
      const text = query.get(name);
      return [name, (text === null ? null : field.read(text)) ?? field.usual];
    });
    this.set(Object.fromEntries(read) as Partial<Values<F>>);
  }

  /** What is not as usual. */
  write(): URLSearchParams {
    const query = new URLSearchParams();
    for (const [name, field] of Object.entries(this.fields)) {
      const value = this.#values[name];
      if (!isSame(value, field.usual)) query.set(name, field.write(value));
    }
    return query;
  }
}

const usualValues = <F extends Fields>(fields: F): Values<F> =>
  Object.fromEntries(Object.entries(fields).map(([name, field]) => [name, field.usual])) as Values<F>;

const isSame = (a: unknown, b: unknown): boolean =>
  a === b || (Array.isArray(a) && Array.isArray(b) && a.join() === b.join());
