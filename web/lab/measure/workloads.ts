/** All that a run times, by the settings. */
import type { BackendState } from './backends.ts';
import { makeInference } from './inference.ts';
import type { TimedNetwork } from './networks.ts';
import { type Examples, TrainingWorkload } from './training.ts';
import type { BackendName, Workload } from './workload.ts';

export interface Subjects {
  /** Whose inference is timed. */
  readonly networks: readonly TimedNetwork[];
  /** Whose training is timed; null for none. */
  readonly trained: TimedNetwork | null;
  /** What it is trained on. */
  readonly batches: readonly Examples[];
  readonly on: readonly BackendName[];
  readonly backends: Readonly<Record<BackendName, BackendState>>;
}

/** The workloads, and those on the CPU, which the others are compared with. */
export function makeWorkloads({ networks, trained, batches, on, backends }: Subjects): {
  readonly workloads: readonly Workload[];
  readonly references: readonly Workload[];
} {
  const makers = [
    ...networks.map(network => (name: BackendName) => makeInference(network, name, backends[name])),
    ...(trained ? [(name: BackendName) => new TrainingWorkload(trained, batches, name, backends[name])] : []),
  ];
  const references: Workload[] = [];
  const workloads = makers.flatMap(make => {
    const reference = make('cpu');
    references.push(reference);
    return on.map(name => (name === 'cpu' ? reference : make(name)));
  });
  return { workloads, references };
}
