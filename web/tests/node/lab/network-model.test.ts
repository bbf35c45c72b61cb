// A trained start that goes on with other examples: its file tells what it learns from now.

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test, vi } from 'vitest';
import { readModel } from '../../../engine/training/index.ts';
import { makeModel } from '../../../lab/classifier/network-model.ts';
import { makeSettings } from '../../../lab/classifier/settings.ts';
import { learnedNames } from '../../../lab/network/weights.ts';

const START = join(import.meta.dirname, '../../../lab/public/data/starts/digits-lenet.onnx');
const ABOUT = 'limner.lab';

vi.mock(import('../../../lab/data/files.ts'), async () => ({
  dataFiles: async () => ['starts/digits-lenet.onnx'],
  fetchData: async () => new Response(readFileSync(START)),
}));

test.each(['trained', 'new'])(
  'a file that begins %s names the data of now, and keeps all else',
  async start => {
    const settings = makeSettings({ data: ['all'], augment: false, epochs: 1 });
    settings.read(new URLSearchParams({ net: 'lenet', start }));
    const said: string[] = [];
    const options = { task: 'digits', data: 'My own', dims: [1, 28, 28] as const, classes: 10 };
    const made = await makeModel(settings, { ...options, say: text => said.push(text) });
    const file = readModel(new Uint8Array(readFileSync(START)));
    const about = JSON.parse(file.metadata.get(ABOUT) ?? '');
    expect(about.data).toBe('MNIST');
    if (start === 'trained') {
      expect(JSON.parse(made.metadata.get(ABOUT) ?? '')).toEqual({ ...about, data: 'My own' });
      expect(learnedNames(made)).toEqual(learnedNames(file));
    } else expect(made.metadata.has(ABOUT)).toBe(false);
    expect(said).toEqual([]);
  },
);
