// Constants of a kernel or a draw, as both backends describe them.

/** Constants that are written into a new buffer once; `fill` gets all of it, zeros at first. */
export interface ConstantData {
  readonly label: string;
  /** Whose constants they are; kernels share what has one owner and one layout. */
  readonly owner: object;
  readonly layout: string;
  readonly bytes: number;
  readonly fill: (target: ArrayBuffer) => void;
}
