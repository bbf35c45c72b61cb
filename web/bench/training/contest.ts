// Trains the same network on all engines in turns, in one page, and measures what a step takes. First each engine takes
// some steps, then come the rounds. Their losses must agree. Each engine has its own document.

import { median } from '../../shared/measurement.ts';
import type { CallCounts } from '../gpu-counters.ts';
import { failureReason, seededRandom, shuffle } from '../rounds.ts';
import { medianRatio, type Sample } from '../statistics.ts';
import { measureTransferSize, type TransferSize } from '../transfer-size.ts';
import type { Classroom, StartReport } from './classroom.ts';
import { ENGINE_NAMES, ENGINES, type EngineName, OWN } from './engines.ts';
import { countForward } from './forward.ts';

export interface ContestPlan {
  /** The network's file. */
  readonly file: string;
  /** Steps that each takes before the rounds. */
  readonly before: number;
  /** The losses of so many of the first steps are compared, or of all if an engine takes fewer. */
  readonly compared: number;
  readonly rounds: number;
  /** A turn has so many steps as fit into this time, but at least one. */
  readonly turnMs: number;
}

/** A figure of one engine: the median of all turns, and of the ratios to limner's on WebGPU within rounds. */
export interface Figure {
  readonly ms: number;
  readonly ratio: number | null;
}

export interface EngineResult extends Omit<StartReport, 'losses'> {
  readonly name: EngineName;
  readonly label: string;
  /** Milliseconds of a step. */
  readonly wall: Figure;
  /** Milliseconds of CPU time of a step: of the browser's GPU process and its renderers, over all cores. */
  readonly processor: Figure;
  /** Those in the renderers alone: what JavaScript and WebAssembly take. */
  readonly renderer: Figure;
  /** Steps that were timed. */
  readonly steps: number;
  /** Those that are compared. */
  readonly losses: readonly number[];
  /** The largest difference of a loss from limner's on WebGPU, relative to that. */
  readonly difference: number;
  readonly calls: CallCounts;
  readonly code: TransferSize;
}

export interface ContestResult {
  readonly engines: readonly EngineResult[];
  readonly failures: readonly { readonly label: string; readonly reason: string }[];
  /** Dispatches of limner's forward pass. */
  readonly forward: number;
}

interface Participant {
  readonly name: EngineName;
  readonly room: Classroom;
  readonly started: StartReport;
  readonly calls: CallCounts;
  readonly losses: number[];
  readonly wall: Sample[];
  readonly processor: Sample[];
  readonly renderer: Sample[];
  /** Milliseconds of the last step that was timed. */
  stepMs: number;
}

const MAX_STEPS = 32;
const KINDS = ['wall', 'processor', 'renderer'] as const;

/** Milliseconds of CPU time. */
interface BrowserTimes {
  readonly gpu: number;
  readonly renderer: number;
}

/** What the steps of a turn take, all together. */
interface Turn {
  readonly wall: number;
  readonly processor: number;
  readonly renderer: number;
}

declare global {
  /** CPU time of the browser's GPU process and its renderers so far. */
  function browserTimes(): Promise<BrowserTimes>;
  interface Window {
    runContest?: typeof runContest;
  }
}

async function openRoom(): Promise<{ room: Classroom; close: () => void }> {
  const frame = document.createElement('iframe');
  frame.src = './classroom.html';
  const loaded = new Promise(resolve => frame.addEventListener('load', resolve, { once: true }));
  document.body.append(frame);
  await loaded;
  const room = frame.contentWindow?.classroom;
  if (!room) throw new Error("An engine's document did not load.");
  return { room, close: () => frame.remove() };
}

async function countCalls(name: EngineName, file: string): Promise<CallCounts> {
  const { room, close } = await openRoom();
  try {
    return await room.countCalls(name, file);
  } finally {
    close();
  }
}

async function join(name: EngineName, { file, before }: ContestPlan): Promise<Participant> {
  const calls = await countCalls(name, file);
  const { room } = await openRoom();
  const started = await room.start(name, file);
  const begin = performance.now();
  const losses = [...started.losses, ...(await room.train(before - 1))];
  const stepMs = (performance.now() - begin) / (before - 1);
  return { name, room, started, calls, losses, wall: [], processor: [], renderer: [], stepMs };
}

async function takeTurn({ room, losses }: Participant, steps: number): Promise<Turn> {
  const [before, begin] = [await browserTimes(), performance.now()];
  losses.push(...(await room.train(steps)));
  const wall = performance.now() - begin;
  const after = await browserTimes();
  const renderer = after.renderer - before.renderer;
  return { wall, processor: after.gpu - before.gpu + renderer, renderer };
}

async function takeRounds(
  participants: readonly Participant[],
  { rounds, turnMs }: ContestPlan,
): Promise<void> {
  const random = seededRandom(1);
  for (let round = 0; round < rounds; round++) {
    for (const participant of shuffle(participants, random)) {
      const burst = Math.max(1, Math.min(MAX_STEPS, Math.round(turnMs / participant.stepMs)));
      const turn = await takeTurn(participant, burst);
      for (const kind of KINDS) participant[kind].push({ round, milliseconds: turn[kind] / burst, burst });
      participant.stepMs = turn.wall / burst;
    }
    console.log(`round ${round + 1} of ${rounds}`);
  }
}

async function summarize(
  own: Participant,
  one: Participant,
  { file, compared }: ContestPlan,
): Promise<EngineResult> {
  const losses = one.losses.slice(0, Math.min(compared, own.losses.length));
  const { version, adapter, fence, first } = one.started;
  const figure = (kind: (typeof KINDS)[number]): Figure => ({
    ms: median(one[kind].map(({ milliseconds }) => milliseconds)),
    ratio: medianRatio(one[kind], own[kind]),
  });
  const differences = losses.map((loss, i) => Math.abs(loss / (own.losses[i] ?? Number.NaN) - 1));
  return {
    name: one.name,
    label: ENGINES[one.name].label,
    ...{ version, adapter, fence, first },
    wall: figure('wall'),
    processor: figure('processor'),
    renderer: figure('renderer'),
    steps: one.wall.reduce((sum, { burst }) => sum + burst, 0),
    losses,
    difference: Math.max(...differences),
    calls: one.calls,
    code: await measureTransferSize(one.room.fetchedUrls(file)),
  };
}

export async function runContest(plan: ContestPlan): Promise<ContestResult> {
  const participants: Participant[] = [];
  const failures: { label: string; reason: string }[] = [];
  for (const name of ENGINE_NAMES) {
    try {
      const participant = await join(name, plan);
      participants.push(participant);
      console.log(`${ENGINES[name].label}: ${participant.losses.map(loss => loss.toFixed(5)).join(' ')}`);
    } catch (error) {
      failures.push({ label: ENGINES[name].label, reason: failureReason(error) });
    }
  }
  const own = participants.find(({ name }) => name === OWN);
  if (!own) throw new Error(failures[0]?.reason ?? 'limner did not train.');
  await takeRounds(participants, plan);
  const engines: EngineResult[] = [];
  for (const one of participants) engines.push(await summarize(own, one, plan));
  const onnx = new Uint8Array(await (await fetch(plan.file)).arrayBuffer());
  return { engines, failures, forward: await countForward(onnx) };
}

window.runContest = runContest;
