/** The answers of a test as a table (CSV): a row for each test picture, in the order of its set. */
import type { Task } from '../data/examples.ts';
import type { Answer } from './tester.ts';

const quoted = (text: string): string => (/[",\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text);

/** Pictures that were not tested are left out. `sure` is the network's share for the class it found, 0..1. */
export function answersTable({ test, classes }: Task, answers: readonly (Answer | undefined)[]): string {
  const rows = answers.flatMap((answer, index) => {
    if (!answer) return [];
    const names = [test.label(index), answer.found].map(own => quoted(classes[own] ?? String(own)));
    return [[index, ...names, answer.share.toFixed(6)].join(',')];
  });
  return ['picture,class,found,sure', ...rows, ''].join('\n');
}
