// A model that is written anew has what it was read from, but for what is not written.

import { expect, test } from 'vitest';
import { readModel } from '../../engine/onnx/model.ts';
import { writeModel } from '../../engine/onnx/write-model.ts';
import { perceptron } from '../trainer.ts';

test('a look that names filters names none when it is written, since their functions are not', () => {
  const metadata = new Map([
    ['limner.name', 'Mine'],
    ['limner.filters', '{"freeze": {}}'],
  ]);
  const written = readModel(writeModel({ ...perceptron(), metadata }));
  expect([...written.metadata]).toEqual([['limner.name', 'Mine']]);
});
