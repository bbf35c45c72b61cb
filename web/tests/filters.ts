// Looks with filters in their graph, and ONNX Runtime's paintings of some frames: what tests/onnx_cases/filters.py wrote.

export interface FilterCase {
  readonly name: string;
  /** The look is in filters-GUIDE.onnx, and in filters-GUIDE-none.onnx as it was before there were filters. */
  readonly guide: string;
  /** The filters that Python wrote into the graph of filters-NAME.onnx, and their live inputs. */
  readonly values: Readonly<Record<string, number>>;
}

export interface FilterCases {
  readonly pixels: number;
  /** Runs whose paintings are there, as files filters-NAME.RUN. */
  readonly kept: readonly number[];
  /** Of each run: the seconds since the one before. */
  readonly elapsed: readonly number[];
  readonly cases: readonly FilterCase[];
}

/** The values of a run's live inputs. */
export const liveOf = (
  { values }: FilterCase,
  elapsed: number,
  names: readonly string[],
): Record<string, number> => (names.includes('elapsed') ? { ...values, elapsed } : { ...values });
