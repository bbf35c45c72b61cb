/** ONNX Runtime's WebAssembly: large, so it is fetched with progress, once for all looks. */
import { download, type OnFetched } from '../../../shared/download.ts';

let fetching: Promise<Uint8Array<ArrayBuffer>> | null = null;
let sofar: Parameters<OnFetched> = [null, 0];
/** Who is told: the last that asked, as earlier ones have given way to it. */
let listener: OnFetched = () => undefined;

/** A hire that is given up does not end the download, as the next one needs the same file. */
export function runtimeBinary(onFetched: OnFetched): Promise<Uint8Array<ArrayBuffer>> {
  listener = onFetched;
  listener(...sofar);
  fetching ??= download('runtime/ort.wasm', {
    what: 'the WASM painter',
    bytes: 0,
    onFetched: (part, received) => {
      sofar = [part, received];
      listener(part, received);
    },
  }).catch((problem: unknown) => {
    fetching = null;
    sofar = [null, 0];
    throw problem;
  });
  return fetching;
}
