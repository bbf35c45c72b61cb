/** Fetches ONNX Runtime's WebAssembly, which is large: with progress, and once for all looks. */
import { download, type OnProgress } from '../../../shared/download.ts';

let pending: Promise<Uint8Array<ArrayBuffer>> | null = null;
let progress: Parameters<OnProgress> = [null, 0];
/** The caller that gets the progress: the last one, since it has replaced the others. */
let listener: OnProgress = () => undefined;

/** An aborted look does not abort this download: the next look needs the same file. */
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
