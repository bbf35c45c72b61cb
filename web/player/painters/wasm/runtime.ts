/** ONNX Runtime's WebAssembly: large, so it is fetched with progress, once for all looks. */
import { download, type OnProgress } from '../../../shared/download.ts';

let pending: Promise<Uint8Array<ArrayBuffer>> | null = null;
let progress: Parameters<OnProgress> = [null, 0];
/** Who is told: the last that asked, as earlier ones have given way to it. */
let listener: OnProgress = () => undefined;

/** A hire that is given up does not end the download, as the next one needs the same file. */
export function fetchRuntime(onProgress: OnProgress): Promise<Uint8Array<ArrayBuffer>> {
  listener = onProgress;
  listener(...progress);
  pending ??= download('runtime/ort.wasm', {
    description: 'the WASM painter',
    bytes: 0,
    onProgress: (fraction, received) => {
      progress = [fraction, received];
      listener(fraction, received);
    },
  }).catch((error: unknown) => {
    pending = null;
    progress = [null, 0];
    throw error;
  });
  return pending;
}
