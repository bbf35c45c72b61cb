// The answers of a test as CSV.

import { expect, test } from 'vitest';
import { answersTable } from '../../../lab/classifier/answers-table.ts';

test('answers are a row each, and what was not tested is left out', () => {
  const part = {
    count: 3,
    label: (index: number) => index % 2,
    picture: () => ({ values: new Uint8Array(1), channels: 1, side: 1 }),
  };
  const task = { name: 'Pets', note: '', classes: ['cat', 'dog, "wet"'], train: part, test: part };
  const answers = [{ found: 1, share: 0.75 }, undefined, { found: 0, share: 1 }];
  expect(answersTable(task, answers).split('\n')).toEqual([
    'picture,class,found,sure',
    '0,cat,"dog, ""wet""",0.750000',
    '2,cat,cat,1.000000',
    '',
  ]);
});
