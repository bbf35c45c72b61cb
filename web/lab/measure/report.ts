/** The results as texts: the JSON that `limner bench everywhere` writes, and Markdown to paste. */
import type { Measurement } from '../../shared/measurement.ts';
import { COLUMNS, groupsOf, remarkOf } from './columns.ts';
import { factsOf, type Machine } from './machine.ts';
import type { RoundsPlan } from './rounds.ts';

/** What a network is, as the file tells it. */
export interface TimedModel {
  readonly name: string;
  /** Empty where the page is not served securely: it cannot hash then. */
  readonly sha256: string;
  readonly bytes: number;
  /** The shape of the first input, with its batch. */
  readonly input: readonly number[];
  /** How many inputs take turns. */
  readonly examples: number;
  readonly examplesSha256: string;
}

export interface Results {
  readonly machine: Machine;
  readonly time: Date;
  /** The page's address, which repeats the run. */
  readonly address: string;
  /** The visitor's file that the address does not have; null for none. */
  readonly file: string | null;
  readonly version: string;
  readonly plan: RoundsPlan;
  readonly models: readonly TimedModel[];
  readonly rows: readonly Measurement[];
}

/** Version of the form that limner's benchmarks write. */
const FORMAT = 1;

/** The form of `limner bench everywhere`; what a page cannot know is null. */
export function toJson({ machine, time, address, version, plan, models, rows }: Results): string {
  const { browser, system, cores, backends, clockStep } = machine;
  const gpus = [backends.webgpu, backends.webgl2].filter(({ reason }) => reason === null);
  const results = {
    'limner.benchmark': FORMAT,
    benchmark: 'everywhere',
    time: time.toISOString(),
    commit: null,
    versions: { limner: version, python: null, torch: null, node: null, browser },
    machine: { system, cpu: null, cores, device: 'cpu', load: null },
    threads: null,
    gpu: gpus.some(({ software }) => !software),
    plan,
    models,
    rows,
    page: { address, clockStep, backends },
  };
  return `${JSON.stringify(results, null, 1)}\n`;
}

const tableRow = (cells: readonly string[]): string =>
  `| ${cells.map(cell => cell.replaceAll('|', '\\|')).join(' | ')} |`;

export function toMarkdown({ machine, time, address, file, version, plan, rows }: Results): string {
  const facts = factsOf(machine).map(([name, value]) => `${name}: ${value}`);
  const lines = [
    `${time.toISOString().slice(0, 10)}, limner ${version}. ${facts.join('. ')}.`,
    `Up to ${plan.runs} runs of each in ${plan.rounds} rounds, or as many as fit into ${plan.seconds} s.`,
    '',
    `The same again: ${address}${file === null ? '' : `, with ${file} opened there`}`,
  ];
  const [first, ...others] = COLUMNS;
  const blank = others.map(() => '');
  for (const group of groupsOf(rows)) {
    lines.push('', `### ${group.title}`, '', tableRow([...COLUMNS.map(({ heading }) => heading), 'Remarks']));
    lines.push(tableRow([...COLUMNS, ''].map(() => '---')));
    for (const row of group.rows) {
      const cells = row.reason === undefined ? others.map(({ cell }) => cell(row)) : blank;
      lines.push(tableRow([first.cell(row), ...cells, row.reason ?? remarkOf(row)]));
    }
  }
  return `${lines.join('\n')}\n`;
}
