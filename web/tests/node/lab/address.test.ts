// The state of a tab in the address: what is written is read again.

import { describe, expect, test } from 'vitest';
import { RACERS } from '../../../lab/descent/racers.ts';
import { makeSettings as makeDescent, rateOf } from '../../../lab/descent/settings.ts';
import { ravine } from '../../../lab/descent/surface.ts';
import { makeSettings as makeLine, pythonCommand } from '../../../lab/line/settings.ts';
import { readAddress, writeAddress } from '../../../lab/shell/address.ts';
import type { AnySettings } from '../../../lab/shell/settings.ts';

/** Through an address, into settings that are as usual. */
function throughAddress(from: AnySettings, into: AnySettings): string {
  const address = writeAddress({ tab: 'tab', query: from.write() });
  const { tab, query } = readAddress(address);
  expect(tab).toBe('tab');
  into.read(query);
  return address;
}

describe('Descent', () => {
  test('says nothing where all is as usual', () => {
    expect(throughAddress(makeDescent(), makeDescent())).toBe('#tab');
  });

  test('comes back whole', () => {
    const from = makeDescent();
    from.set({
      on: 'himmelblau',
      k: 12.5,
      m: 0.73,
      batch: 3,
      noise: 0,
      start: [-1.25, 3e-5],
      who: ['adam', 'lion'],
      form: 'nesterov',
      steps: 77,
      first: 'muon',
      second: 'lion',
      run: 60,
      seed: 123456,
      'lr-adam': 0.031,
      'lr-batch': 1e-4,
    });
    const into = makeDescent();
    throughAddress(from, into);
    expect(into.values).toEqual(from.values);
  });

  test('an empty race comes back empty', () => {
    const [from, into] = [makeDescent(), makeDescent()];
    from.set({ who: [] });
    throughAddress(from, into);
    expect(into.values.who).toEqual([]);
  });

  test('what is wrong in an address is as usual', () => {
    const settings = makeDescent();
    settings.read(
      new URLSearchParams('on=hill&k=0&m=&batch=1.5&start=1_2_3&who=adam.bob&steps=1e9&seed=-1&lr-adam=x'),
    );
    expect(settings.values).toEqual(makeDescent().values);
  });

  test('the usual rates of plain descent are stable on any ravine', () => {
    const settings = makeDescent();
    for (const k of [1, 4, 50, 1000]) {
      settings.set({ k });
      for (const racer of RACERS.filter(({ name }) =>
        ['batch', 'mini', 'momentum', 'nesterov'].includes(name),
      )) {
        expect(rateOf(settings, racer, ravine(k)) * k, racer.name).toBeLessThan(
          racer.name === 'nesterov' ? 4 / 3 : 2,
        );
      }
    }
  });
});

describe('Line', () => {
  test('comes back whole', () => {
    const [from, into] = [makeLine(), makeLine()];
    from.set({
      data: 'drawn',
      hidden: 3,
      units: 17,
      act: 'relu',
      opt: 'muon',
      lr: 0.004,
      batch: 8,
      epochs: 900,
      seed: 9,
    });
    throughAddress(from, into);
    expect(into.values).toEqual(from.values);
  });

  test('repeats a run in Python where that has the network', () => {
    const settings = makeLine();
    settings.set({ hidden: 1, lr: 0.02, seed: 7 });
    expect(pythonCommand(settings)).toBe(
      'limner lab cars --net curve --optimizer adam --lr 0.02 --batch 32 --epochs 50 --seed 7',
    );
    settings.set({ hidden: 2 });
    expect(pythonCommand(settings)).toBeNull();
  });
});
