// The complete networks of the test cases: tests/onnx_cases writes them, with ONNX Runtime's outputs.

export interface ListedNetwork {
  readonly name: string;
  /** Sizes of the input's dimensions, by the names that the file uses for open ones. */
  readonly dims: Record<string, number>;
  /** The output's shape. */
  readonly shape: readonly number[];
  /** Only for networks that round to integers: the output's difference if an integer changes by one. */
  readonly step?: number;
}

/** The lists: networks of all kinds, some of them from other exporters, and one network in every opset. */
export const NETWORK_LISTS = [
  'networks',
  'doublings',
  'exports',
  'opsets',
  'folding',
  'normalizations',
  'styles',
];
