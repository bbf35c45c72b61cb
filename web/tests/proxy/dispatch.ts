// A kernel and how often it runs in a frame: what is compiled, and what a time is estimated from.

export interface Dispatch {
  readonly label: string;
  readonly code: string;
  /** Values of the code's override constants, by their ids. */
  readonly constants: Readonly<Record<string, number>>;
  readonly workgroups: number;
  /** Multiply-adds of a convolution; 0 for others. */
  readonly multiplyAdds: number;
  /** Bytes read and written, each once. */
  readonly bytes: number;
}

/** The threads of a workgroup. */
export function threadsOf({ code, constants }: Dispatch): number {
  const sizes = /@workgroup_size\(([^)]*)\)/.exec(code)?.[1]?.split(',') ?? [];
  return sizes.reduce((threads, size) => threads * numberOf(size.trim(), code, constants), 1);
}

/** The value of a number, a constant, or an override constant. */
function numberOf(name: string, code: string, constants: Dispatch['constants']): number {
  if (name === '') return 1;
  const [, id = name] = new RegExp(`@id\\((\\d+)\\) override ${name}\\b`).exec(code) ?? [];
  const [, constant] = new RegExp(`const ${name}\\b[^=]*= (\\d+)`).exec(code) ?? [];
  const value = Number(constants[id] ?? constant ?? name.replace(/u$/, ''));
  if (Number.isNaN(value)) throw new Error(`${name} of a workgroup's size is not known.`);
  return value;
}
