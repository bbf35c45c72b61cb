/** What the tab Measure times, and how long. */
import { flagField, integerField, numberField, someField } from '../shell/fields.ts';
import { Settings } from '../shell/settings.ts';
import { BACKEND_NAMES } from './backends.ts';
import { NET_NAMES } from './net-names.ts';

export const LIMITS = {
  runs: [2, 2000],
  rounds: [2, 30],
  seconds: [0.1, 120],
  seed: [0, 2 ** 24 - 1],
} as const;

export const makeSettings = () =>
  new Settings({
    nets: someField(NET_NAMES, NET_NAMES),
    on: someField(BACKEND_NAMES, BACKEND_NAMES),
    train: flagField(true),
    /** Of each row, in all rounds together: 200 as usual, or as many as fit into the seconds. */
    runs: integerField(200, ...LIMITS.runs),
    rounds: integerField(5, ...LIMITS.rounds),
    seconds: numberField(8, ...LIMITS.seconds),
    seed: integerField(0, ...LIMITS.seed),
  });

export type MeasureSettings = ReturnType<typeof makeSettings>;

/** The command that measures in Python, Node and a browser, by a plan of its own: the visitor's file, or networks that it has. */
export const pythonCommand = (file: string | null): string =>
  // Single quotes keep all but themselves from the shell.
  `limner bench everywhere${file === null ? '' : ` '${file.replaceAll("'", "'\\''")}'`}`;
