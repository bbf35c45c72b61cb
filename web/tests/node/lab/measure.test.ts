// The tab Measure: rounds on a clock and workloads of the test, and what is made of their rows.

import { expect, test, vi } from 'vitest';
import { groupsOf, remarkOf } from '../../../lab/measure/columns.ts';
import { Gate } from '../../../lab/measure/gate.ts';
import { toJson, toMarkdown } from '../../../lab/measure/report.ts';
import { type Progress, Rounds, type RoundsPlan } from '../../../lab/measure/rounds.ts';
import { makeSettings, pythonCommand } from '../../../lab/measure/settings.ts';
import { linesOf } from '../../../lab/measure/spread-plot.ts';
import type { Workload } from '../../../lab/measure/workload.ts';
import { burstOf, clockStep } from '../../../shared/clock.ts';
import type { Measurement } from '../../../shared/measurement.ts';

// What draws asks for the theme as it is imported.
vi.hoisted(() => {
  Object.assign(globalThis, { matchMedia: () => ({ matches: false, addEventListener: () => undefined }) });
});

/** Milliseconds that pass only when a workload runs. */
class FakeClock {
  time = 0;
}

class FakeWorkload implements Workload {
  readonly kind = 'inference';
  readonly batch = 1;
  readonly device = '';
  readonly software = false;
  reason: string | null = null;
  revivals = 0;
  runs = 0;
  isDestroyed = false;

  constructor(
    readonly clock: FakeClock,
    readonly backend: Workload['backend'],
    readonly runMs: number,
    readonly values: readonly number[] = [1, 2],
    readonly onRun: (self: FakeWorkload) => void = () => undefined,
    readonly model = 'net',
  ) {}

  async load(): Promise<void> {
    this.clock.time += 100;
  }

  first(): Promise<void> {
    return this.run(1);
  }

  async answer(): Promise<Float32Array> {
    return Float32Array.from(this.values);
  }

  async run(times: number): Promise<void> {
    for (let i = 0; i < times; i++) {
      this.runs++;
      this.clock.time += this.runMs;
      this.onRun(this);
    }
  }

  destroy(): void {
    this.isDestroyed = true;
  }
}

const PLAN: RoundsPlan = { runs: 12, rounds: 3, seconds: 60, seed: 0 };

function start(clock: FakeClock, workloads: readonly FakeWorkload[], plan: Partial<RoundsPlan> = {}) {
  const stop = new AbortController();
  const gate = new Gate();
  const told: Progress[] = [];
  const references = workloads.filter(({ backend }) => backend === 'cpu');
  const rounds = new Rounds(
    workloads,
    references,
    { ...PLAN, ...plan },
    {
      now: () => clock.time,
      clockStep: 0.1,
      version: '1.0',
      ...{ gate, signal: stop.signal },
      onProgress: progress => told.push(progress),
      nextTask: async () => undefined,
    },
  );
  return { rounds, stop, gate, told };
}

test('the clock’s step is the smallest change, and bounded where there is none', () => {
  let time = 0;
  const coarse = () => {
    time += 0.25;
    return Math.floor(time);
  };
  expect(clockStep(coarse)).toBe(1);
  expect(clockStep(() => 5, 1000)).toBe(40);
});

test('a sample is at least 50 steps of the clock long', () => {
  expect(burstOf(10, 0.1)).toBe(1);
  expect(burstOf(1, 0.1)).toBe(5);
  expect(burstOf(3, 1)).toBe(17);
  expect(burstOf(0, 1)).toBe(1000);
});

test('rows have the percentiles of all rounds, and how far they are from the CPU’s answer', async () => {
  const clock = new FakeClock();
  const [cpu, gpu] = [new FakeWorkload(clock, 'cpu', 20), new FakeWorkload(clock, 'webgpu', 5, [1, 2.001])];
  const { rounds, told } = start(clock, [cpu, gpu]);
  await rounds.run();
  const [first, second] = rounds.measurements;
  expect(first).toMatchObject({
    backend: 'cpu',
    runs: 12,
    p50Ms: 20,
    loadMs: 100,
    firstRunMs: 20,
    threads: 1,
  });
  expect(first).toMatchObject({ maxDifference: 0, steady: true });
  expect(second).toMatchObject({ p10Ms: 5, p90Ms: 5, minMs: 5, threads: null, platform: 'browser' });
  expect(second?.maxDifference).toBeCloseTo(0.0005, 6);
  expect(second).not.toHaveProperty('reason');
  expect([cpu.isDestroyed, gpu.isDestroyed]).toEqual([true, true]);
  // Three turns of four samples of both.
  expect(told.find(({ phase }) => phase === 'Round 1 of 3')?.secondsLeft).toBeCloseTo(0.3, 9);
  expect(told.map(({ part }) => part)).toEqual(told.map(({ part }) => part).sort((a, b) => a - b));
  expect(told.at(-1)?.part).toBeLessThan(1);
});

test('the order of turns is new in each round, and the same for a seed', async () => {
  const orderOf = async (seed: number): Promise<string> => {
    const clock = new FakeClock();
    const names = ['a', 'b', 'c', 'd'];
    const all = names.map(name => new FakeWorkload(clock, 'webgpu', 5, [1], () => undefined, name));
    const { rounds, told } = start(clock, all, { seed });
    await rounds.run();
    return told
      .filter(({ phase }) => phase.startsWith('Round'))
      .map(({ workload }) => workload.model)
      .join('');
  };
  const order = await orderOf(3);
  expect(order).toMatch(/^[abcd]{12}$/);
  expect(new Set(order.match(/.{4}/g)).size).toBeGreaterThan(1);
  expect(await orderOf(3)).toBe(order);
  expect(await orderOf(4)).not.toBe(order);
});

test('a slow workload ends its turns by time, each after one sample at least', async () => {
  const clock = new FakeClock();
  const { rounds } = start(clock, [new FakeWorkload(clock, 'cpu', 400)], { seconds: 1.5 });
  await rounds.run();
  expect(rounds.measurements[0]).toMatchObject({ runs: 6 });
  const { rounds: hasty } = start(clock, [new FakeWorkload(clock, 'cpu', 400)], { seconds: 0.1 });
  await hasty.run();
  expect(hasty.measurements[0]).toMatchObject({ runs: 3 });
});

test('rounds that differ by more than 5 % are unsteady', async () => {
  const clock = new FakeClock();
  let runs = 0;
  const drifting = new FakeWorkload(clock, 'cpu', 10, [1], () => {
    // It grows hot after its second round.
    if (++runs > 11) clock.time += 2;
  });
  const { rounds } = start(clock, [drifting]);
  await rounds.run();
  expect(rounds.measurements[0]).toMatchObject({ steady: false, runs: 12 });
});

test('one that fails keeps its reason, and the others go on', async () => {
  const clock = new FakeClock();
  const failing = new FakeWorkload(clock, 'webgpu', 5, [1, 2], ({ runs }) => {
    if (runs > 6) throw new Error('The GPU was lost for good.');
  });
  const missing = new FakeWorkload(clock, 'webgl2', 5);
  missing.reason = 'This browser has no WebGL2.';
  const { rounds } = start(clock, [new FakeWorkload(clock, 'cpu', 20), failing, missing]);
  await rounds.run();
  const [cpu, webgpu, webgl2] = rounds.measurements;
  expect(cpu).toMatchObject({ runs: 12 });
  expect(webgpu).toMatchObject({ reason: 'The GPU was lost for good.', runs: 0, p50Ms: null });
  expect(webgl2).toMatchObject({ reason: 'This browser has no WebGL2.', loadMs: null });
  expect(missing.runs).toBe(0);
});

test('a turn in which the GPU was lost or the tab was hidden is taken again', async () => {
  const clock = new FakeClock();
  const state: { gate?: Gate } = {};
  const gpu = new FakeWorkload(clock, 'webgpu', 5, [1, 2], self => {
    if (self.runs === 5) {
      self.revivals++;
      clock.time += 1000;
    }
    if (self.runs !== 12) return;
    state.gate?.set('hidden', true);
    clock.time += 500;
    setTimeout(() => state.gate?.set('hidden', false), 10);
  });
  const { rounds, gate } = start(clock, [gpu]);
  state.gate = gate;
  await rounds.run();
  expect(rounds.measurements[0]).toMatchObject({ runs: 12, p90Ms: 5 });
  // First and warm-up runs, twelve that count, and two turns that do not.
  expect(gpu.runs).toBe(3 + 12 + 2 * 4);
});

test('a turn during which another tab was shown is taken again when the run goes on', async () => {
  const clock = new FakeClock();
  const state: { leave?: () => void } = {};
  const cpu = new FakeWorkload(clock, 'cpu', 10, [1], ({ runs }) => {
    if (runs !== 5) return;
    clock.time += 500;
    state.leave?.();
  });
  const { rounds, gate } = start(clock, [cpu]);
  state.leave = () => {
    gate.set('paused', true);
    gate.interrupt();
    setTimeout(() => gate.set('paused', false), 10);
  };
  await rounds.run();
  expect(rounds.measurements[0]).toMatchObject({ runs: 12, p90Ms: 10 });
  expect(cpu.runs).toBe(3 + 12 + 4);
});

test('a GPU that is lost in each turn is given up', async () => {
  const clock = new FakeClock();
  const gpu = new FakeWorkload(clock, 'webgpu', 5, [1], self => {
    self.revivals++;
  });
  const { rounds } = start(clock, [gpu]);
  await rounds.run();
  expect(rounds.measurements[0]?.reason).toBe('The GPU was lost again and again.');
});

test('a run that is paused waits, and one that is stopped keeps what was timed', async () => {
  const clock = new FakeClock();
  const state: { pause?: () => void } = {};
  const cpu = new FakeWorkload(clock, 'cpu', 10, [1], ({ runs }) => {
    if (runs === 5) state.pause?.();
  });
  const { rounds, gate, stop } = start(clock, [cpu]);
  state.pause = () => gate.set('paused', true);
  const run = rounds.run();
  await new Promise(resolve => setTimeout(resolve, 20));
  // The turn that was under way is over, and counts.
  expect(cpu.runs).toBe(3 + 4);
  stop.abort(new Error('It was stopped.'));
  await expect(run).rejects.toThrow('It was stopped.');
  expect(rounds.measurements[0]).toMatchObject({ runs: 4, p50Ms: 10, steady: false });
  expect(cpu.isDestroyed).toBe(true);
});

test('a GPU that hangs does not keep a run from being stopped', async () => {
  const clock = new FakeClock();
  const hanging = new FakeWorkload(clock, 'webgpu', 5);
  hanging.load = () => new Promise(() => undefined);
  const { rounds, stop } = start(clock, [hanging]);
  const run = rounds.run();
  stop.abort(new Error('It was stopped.'));
  await expect(run).rejects.toThrow('It was stopped.');
});

const ROW: Measurement = {
  ...{ model: 'LeNet', platform: 'browser', runtime: 'limner', version: '1.0', backend: 'cpu', device: '' },
  ...{
    software: false,
    threads: 1,
    precision: 'float32',
    batch: 1,
    kind: 'inference',
    loadMs: 30,
    firstRunMs: 4,
  },
  ...{
    cpuMs: null,
    maxDifference: 0,
    accuracy: null,
    accuracyDifference: null,
    bytes: null,
    runs: 200,
    p10Ms: 1,
    p50Ms: 2,
    p90Ms: 3,
    minMs: 0.5,
    steady: true,
  },
};
const ROWS: readonly Measurement[] = [
  ROW,
  { ...ROW, backend: 'webgpu', threads: null, p50Ms: 0.5, software: true, steady: false },
  { ...ROW, backend: 'webgl2', threads: null, p50Ms: 0.1, maxDifference: 0.5 },
  {
    ...ROW,
    model: 'own | two',
    p50Ms: null,
    p10Ms: null,
    p90Ms: null,
    minMs: null,
    runs: 0,
    reason: 'It is too large.',
  },
];

test('groups have the fastest first, and what is not ranked last', () => {
  const groups = groupsOf(ROWS);
  expect(groups.map(({ title }) => title)).toEqual(['LeNet', 'own | two']);
  expect(groups[0]?.rows.map(({ backend }) => backend)).toEqual(['webgpu', 'cpu', 'webgl2']);
  expect(groups[0]?.rows.map(remarkOf)).toEqual(['unsteady', '', 'not ranked: another answer']);
});

test('the plot has what is ranked, and what is quoted as such', () => {
  const lines = linesOf(ROWS);
  expect(lines.map(({ label }) => label).slice(0, 4)).toEqual([
    'LeNet',
    'WebGPU in software',
    'CPU',
    'Another MobileNet on another machine, as quoted',
  ]);
  expect(lines.map(({ mark }) => mark).slice(1, 3)).toEqual(['ring', 'dot']);
  const quoted = lines.filter(({ mark }) => mark === 'diamond');
  expect(quoted.map(({ median }) => median)).toEqual([97, 10, 19.6, 7.68]);
});

const BACKEND = { device: 'a GPU', software: false, reason: null };
const RESULTS = {
  machine: {
    ...{ browser: 'Chrome 1', system: 'Linux', cores: 2, clockStep: 0.1 },
    backends: {
      webgpu: { ...BACKEND, software: true },
      webgl2: { ...BACKEND, reason: 'None.' },
      cpu: BACKEND,
    },
  },
  time: new Date(0),
  address: 'http://here/#measure',
  file: null,
  version: '1.0',
  plan: PLAN,
  models: [],
  rows: ROWS,
};

test('the JSON is of the form of limner bench everywhere', () => {
  const json = JSON.parse(toJson(RESULTS));
  expect(json).toMatchObject({ 'limner.benchmark': 1, benchmark: 'everywhere', gpu: false, plan: PLAN });
  expect(json.rows).toEqual(ROWS);
  expect(json.machine).toMatchObject({ cores: 2, cpu: null });
  expect(json.versions).toMatchObject({ limner: '1.0', browser: 'Chrome 1', python: null });
});

test('the Markdown has a table for each network, and cells that do not break it', () => {
  const text = toMarkdown(RESULTS);
  expect(text).toContain('1970-01-01, limner 1.0. Browser: Chrome 1.');
  expect(text).toContain('The same again: http://here/#measure');
  expect(toMarkdown({ ...RESULTS, file: 'mine.onnx' })).toContain('#measure, with mine.onnx opened there');
  expect(text).toContain('| WebGPU in software | 0.5 | 1 – 3 | 0.5 | 200 | 30 | 4 | 0 | unsteady |');
  expect(text).toContain('It is too large. |');
  const tables = text.split('\n').filter(line => line.startsWith('|'));
  expect(new Set(tables.map(line => line.split(/(?<!\\)\|/).length)).size).toBe(1);
});

test('the command has the visitor’s file, as a shell reads its name', () => {
  expect(pythonCommand(null)).toBe('limner bench everywhere');
  expect(pythonCommand('my net; $(x).onnx')).toBe("limner bench everywhere 'my net; $(x).onnx'");
  expect(pythonCommand("it's.onnx")).toBe("limner bench everywhere 'it'\\''s.onnx'");
});

test('the address has what is not as usual', () => {
  const settings = makeSettings();
  settings.read(new URLSearchParams('nets=lenet.mobilenet&on=cpu&train=0&runs=20&seconds=0.5'));
  expect(settings.values).toMatchObject({
    nets: ['lenet', 'mobilenet'],
    on: ['cpu'],
    train: false,
    rounds: 5,
  });
  expect(settings.write().toString()).toBe('nets=lenet.mobilenet&on=cpu&train=0&runs=20&seconds=0.5');
  settings.read(new URLSearchParams('nets=vgg&rounds=1'));
  expect(settings.write().toString()).toBe('');
});
