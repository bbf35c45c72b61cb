/** The form in which a look that learned is saved: that of its file, or float32 where that cannot be. */
import { type OnnxModel, type OnnxNode, readModel } from '../../engine/onnx/model.ts';
import { writeModel } from '../../engine/onnx/write-model.ts';

/** Operators that read weights which are stored in fewer bits. */
const READERS = ['Cast', 'DequantizeLinear'];

export class StoredForm {
  /** The size of what is saved; null while that is unknown. A few texts change it. */
  bytes: number | null = null;
  /** Why it is larger than its file was; empty if nothing is missing. */
  remark = '';
  readonly #stored: readonly OnnxNode[];

  constructor(
    readonly file: Uint8Array,
    /** What is in the file. */
    readonly model: OnnxModel,
    readonly fetchStorage = () => import('./storage.ts'),
  ) {
    this.#stored = model.nodes.filter(
      ({ op, inputs: [input = ''] }) => READERS.includes(op) && model.constants.has(input),
    );
    // Now, since the page may be offline when it is saved.
    if (this.#stored.length > 0) void this.#fetch();
    else this.bytes = file.length;
  }

  /** A file with weights of float32, in this form. */
  async store(learned: Uint8Array): Promise<Uint8Array> {
    const storage = this.#stored.length > 0 && (await this.#fetch());
    return storage ? writeModel(storage.withStorageOf(this.model, readModel(learned))) : learned;
  }

  /** Null where it fails; the next time it may not. */
  async #fetch() {
    const storage = await this.fetchStorage().catch(() => null);
    const whole = this.#stored.filter(node => !storage?.isStorable(node, this.model));
    this.bytes = whole.reduce((sum, node) => sum + growth(node, this.model), this.file.length);
    this.remark = storage
      ? ''
      : 'What stores it smaller could not be fetched. Check the connection and save it again.';
    return storage;
  }
}

/** Bytes that a node's weights have more in float32. */
function growth({ inputs }: OnnxNode, { constants }: OnnxModel): number {
  const [values, ...others] = inputs.map(name => constants.get(name));
  if (!values) return 0;
  const count = values.dims.reduce((a, b) => a * b, 1);
  // A file has two numbers of four bits in a byte.
  const own = values.type.endsWith('int4') ? count / 2 : values.bytes.length;
  return 4 * count - own - others.reduce((sum, one) => sum + (one?.bytes.length ?? 0), 0);
}
