/** A run: makes the networks of the settings, and times them. It is fetched when it is asked for. */
import { nextTask } from '../../shared/next-task.ts';
import type { Values } from '../shell/settings.ts';
import type { Gate } from './gate.ts';
import type { Machine } from './machine.ts';
import { NET_NAMES } from './net-names.ts';
import { makeNetwork, type OwnNetwork, type TimedNetwork } from './networks.ts';
import type { Results } from './report.ts';
import { type Progress, Rounds, type RoundsPlan } from './rounds.ts';
import type { MeasureSettings } from './settings.ts';
import { describeModels } from './timed-model.ts';
import { drawBatches } from './training.ts';
import { makeWorkloads } from './workloads.ts';

export { readNetwork } from './networks.ts';

/** The network whose training is timed. */
const TRAINED = 'lenet';

export interface RunOptions {
  readonly values: Values<MeasureSettings['fields']>;
  /** A visitor's network, beside those of the settings. */
  readonly own: OwnNetwork | null;
  readonly machine: Machine;
  readonly gate: Gate;
  readonly signal: AbortSignal;
  readonly onProgress: (progress: Progress) => void;
  /** Called when a round is over, and at the end. */
  readonly onResults: (results: Results) => void;
}

/** Rejects with the signal's reason when it is stopped; `onResults` then had what was timed. */
export async function measure(options: RunOptions): Promise<void> {
  const { values, own, machine, gate, signal, onProgress, onResults } = options;
  const { runs, rounds: count, seconds, seed, train, nets } = values;
  const made = new Map<string, TimedNetwork>();
  for (const name of NET_NAMES) {
    signal.throwIfAborted();
    const isNeeded = nets.includes(name) || (train && name === TRAINED);
    if (isNeeded) made.set(name, await makeNetwork(name, seed, nextTask));
  }
  const networks = [
    ...nets.flatMap(name => made.get(name) ?? []),
    ...(own ? [{ ...own, inputs: own.drawInputs(seed) }] : []),
  ];
  const trained = train ? (made.get(TRAINED) ?? null) : null;
  const batches = trained ? drawBatches(trained, seed) : [];
  const { on } = values;
  const { workloads, references } = makeWorkloads({
    networks,
    trained,
    batches,
    on,
    backends: machine.backends,
  });
  const models = await describeModels(networks, trained, batches);
  const plan: RoundsPlan = { runs, rounds: count, seconds, seed };
  const common = {
    ...{ machine, time: new Date(), address: location.href, version: __LIMNER__, plan, models },
    file: own?.file ?? null,
  };
  let phase = '';
  const rounds: Rounds = new Rounds(workloads, references, plan, {
    now: () => performance.now(),
    clockStep: machine.clockStep,
    version: __LIMNER__,
    ...{ gate, signal, nextTask },
    onProgress: progress => {
      onProgress(progress);
      if (progress.phase === phase) return;
      phase = progress.phase;
      onResults({ ...common, rows: rounds.measurements });
    },
  });
  try {
    await rounds.run();
  } finally {
    onResults({ ...common, rows: rounds.measurements });
  }
}
