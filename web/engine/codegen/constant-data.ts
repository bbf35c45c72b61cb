// Constants of a kernel or a draw, as both backends describe them.

/** Constants that are written once, into a new buffer or texture. `fill` gets all of it, zeroed. */
export interface ConstantData {
  readonly label: string;
  /** The object that the constants belong to. Kernels share constants of one owner and one layout. */
  readonly owner: object;
  readonly layout: string;
  readonly bytes: number;
  readonly fill: (target: ArrayBuffer) => void;
}
