/** What the networks of a run are: sizes, and hashes by which two runs are known to be of the same. */
import type { TimedNetwork } from './networks.ts';
import type { TimedModel } from './report.ts';
import { BATCH, type Examples, trainingName } from './training.ts';

async function sha256(parts: (Uint8Array | Float32Array)[]): Promise<string> {
  // Pages that are not served securely have no `subtle`.
  const bytes = await new Blob(parts as BlobPart[]).arrayBuffer();
  const hash = await crypto.subtle?.digest('SHA-256', bytes);
  return Array.from(new Uint8Array(hash ?? []), byte => byte.toString(16).padStart(2, '0')).join('');
}

export async function describeModels(
  networks: readonly TimedNetwork[],
  trained: TimedNetwork | null,
  batches: readonly Examples[],
): Promise<TimedModel[]> {
  const describe = async ({ name, bytes, shape }: TimedNetwork, examples: readonly Float32Array[][]) => ({
    name,
    sha256: await sha256([bytes]),
    bytes: bytes.length,
    input: shape,
    examples: examples.length,
    examplesSha256: await sha256(examples.flat()),
  });
  const models = networks.map(one =>
    describe(
      one,
      one.inputs.map(inputs => Object.values(inputs)),
    ),
  );
  if (trained) {
    const [, ...rest] = trained.shape;
    const training = { ...trained, name: trainingName(trained), shape: [BATCH, ...rest] };
    models.push(
      describe(
        training,
        batches.map(({ pictures, classes }) => [pictures, classes]),
      ),
    );
  }
  return Promise.all(models);
}
