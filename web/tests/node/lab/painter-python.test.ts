// What the tab Painter and `limner lab painter` share: first weights, the model in the file, colours, losses, usual
// settings and commands. The page's are kept in a file beside this one, to which tests/lab/test_painter_page.py holds Python's.
// `npx vitest --project node -u painter-python` writes it anew.

import { expect, test } from 'vitest';
import { readModel } from '../../../engine/onnx/model.ts';
import { createTrainer } from '../../../engine/training/index.ts';
import { OPTIMIZER_NAMES } from '../../../lab/network/optimizers.ts';
import { activationsOf, placesOf } from '../../../lab/painter/evaluate.ts';
import {
  buildModel,
  countParameters,
  drawWeights,
  gridNames,
  KINDS,
  learnedLayers,
  makeNetwork,
  multiplyAdds,
  namesOf,
  type Shape,
} from '../../../lab/painter/network.ts';
import { saveNetwork } from '../../../lab/painter/network-file.ts';
import { painterOptimizer } from '../../../lab/painter/optimizer.ts';
import {
  makeSettings,
  type PainterValues,
  pythonCommand,
  rateOf,
  sizeOf,
} from '../../../lab/painter/settings.ts';

const SIDE = 24;
const WHOLE = [-1, -1, 1, 1] as const;
const DIGITS = 6;

const SHAPES: readonly (Shape & { readonly seed: number })[] = [
  { kind: 'grid', depth: 1, width: 32, act: 'tanh', seed: 0 },
  { kind: 'grid', depth: 0, width: 8, act: 'tanh', seed: 5 },
  { kind: 'siren', depth: 3, width: 64, act: 'tanh', seed: 7 },
  { kind: 'siren', depth: 0, width: 64, act: 'tanh', seed: 1 },
  { kind: 'fourier', depth: 2, width: 64, act: 'tanh', seed: 2 ** 24 - 1 },
  ...(['tanh', 'relu', 'sigmoid', 'sine', 'identity', 'step'] as const).map(
    act => ({ kind: 'mlp', depth: 3, width: 32, act, seed: 3 }) as const,
  ),
];

/** A gradient with a pattern, red to the right, green downwards; darker than the first painting, so that no slope is zero. */
const PICTURE = Float32Array.from({ length: 3 * SIDE * SIDE }, (_, i) => {
  const [x, y] = [i % SIDE, Math.floor(i / SIDE) % SIDE];
  return [x, y, (x * y) % SIDE][Math.floor(i / SIDE ** 2)] ?? 0;
}).map(value => (0.8 * value) / (SIDE - 1));

const rounded = (values: Iterable<number>) => Array.from(values, value => Number(value.toPrecision(DIGITS)));

/** A network as the page begins with it, and as it saves it. */
async function beginning({ seed, ...shape }: (typeof SHAPES)[number]) {
  const network = makeNetwork(shape);
  const weights = drawWeights(network, seed);
  const places = placesOf(network, WHOLE, SIDE, SIDE, [0, 0]);
  const colours = activationsOf(network, weights, places, SIDE ** 2).at(-1) ?? new Float32Array();
  const square = colours.reduce((sum, value, i) => sum + (value - (PICTURE[i] ?? 0)) ** 2, 0);
  const saved = readModel(await saveNetwork({ network, weights, latent: [0, 0] }));
  return {
    ...shape,
    seed,
    parameters: countParameters(network),
    multiplyAdds: multiplyAdds(network),
    opset: saved.opset,
    inputs: saved.inputs.map(({ name, dims }) => [name, dims]),
    outputs: saved.outputs.map(({ name, dims }) => [name, dims]),
    nodes: saved.nodes.map(({ op, inputs, outputs }) => [op, inputs, outputs]),
    constants: Object.fromEntries(
      [...buildModel(network, weights, 1, 1).constants.values()].map(({ name, dims, bytes }) => {
        const values = new Float32Array(bytes.slice().buffer);
        const ends = [...values.slice(0, 3), ...values.slice(-3)];
        return [name, { dims, ends: rounded(ends), sum: rounded([values.reduce((a, b) => a + b, 0)])[0] }];
      }),
    ),
    colours: rounded([0, 100, 1000, colours.length - 1].map(i => colours[i] ?? 0)),
    firstLoss: rounded([square / colours.length])[0],
  };
}

/** Trainings by all pixels, of whose losses the last ones follow all arithmetic of the steps before them. */
const CURVES = [
  { net: 'grid', opt: 'adam' },
  { net: 'siren', opt: 'adam' },
  { net: 'fourier', opt: 'adam' },
  ...OPTIMIZER_NAMES.map(opt => ({ net: 'mlp', opt }) as const),
] as const;
const CURVE_STEPS = 6;

async function curveOf({ net, opt }: (typeof CURVES)[number]) {
  const { values } = makeSettings();
  const rate = rateOf({ ...values, net, opt });
  const network = makeNetwork({ kind: net, act: values.act, ...sizeOf({ ...values, net }) });
  const losses: number[] = [];
  const trainer = await createTrainer(buildModel(network, drawWeights(network, 0), SIDE, SIDE), {
    loss: 'mse',
    optimizer: painterOptimizer(opt),
    learningRate: rate,
    parameters: [...gridNames(network), ...learnedLayers(network).flatMap(namesOf)],
    backend: 'cpu',
    onLosses: (_, some) => losses.push(...some),
  });
  const xy = placesOf(network, WHOLE, SIDE, SIDE, [0, 0]);
  await trainer.runUntil(() => ({ xy, [trainer.target]: PICTURE }), { steps: CURVE_STEPS });
  trainer.destroy();
  return { net, opt, losses: rounded(losses) };
}

const CHANGES: readonly Partial<PainterValues>[] = [
  {},
  { net: 'siren', seed: 7, batch: '128' },
  { net: 'fourier', depth: 4, width: 100, opt: 'lion', batch: 'all' },
  { net: 'mlp', act: 'relu', lr: 0.003 },
  { net: 'mlp', act: 'sine', depth: 0, opt: 'muon', batch: '32' },
  // A bend that was chosen for the perceptron stays where it is not used.
  { net: 'grid', act: 'relu', frozen: ['grids', 'hidden5'] },
  { net: 'siren', frozen: ['hidden1', 'hidden2', 'colour'] },
  { net: 'activations', pick: 'sigmoid' },
  { net: 'activations', pick: 'step', act: 'sine' },
];

function commandOf(changes: Partial<PainterValues>) {
  const { values } = makeSettings();
  const all = { ...values, ...changes };
  const { depth, width } = sizeOf(all);
  return { command: pythonCommand(all), depth, width, rate: rateOf(all) };
}

/** JSON with a line for each command and network. */
function asLines(page: Readonly<Record<string, unknown>>): string {
  const fields = Object.entries(page).map(([name, value]) => {
    const lines = Array.isArray(value) ? `[\n${value.map(one => JSON.stringify(one)).join(',\n')}\n]` : null;
    return `${JSON.stringify(name)}: ${lines ?? JSON.stringify(value)}`;
  });
  return `{\n${fields.join(',\n')}\n}\n`;
}

test('the page is as Python knows it', async () => {
  const usual = makeSettings().values;
  const page = {
    usual: Object.fromEntries(
      KINDS.map(net => {
        const { depth, width } = sizeOf({ ...usual, net });
        const rates = OPTIMIZER_NAMES.map(opt => [opt, rateOf({ ...usual, net, opt })]);
        return [net, { depth, width, rates: Object.fromEntries(rates) }];
      }),
    ),
    commands: CHANGES.map(commandOf),
    curves: await Promise.all(CURVES.map(curveOf)),
    networks: await Promise.all(SHAPES.map(beginning)),
  };
  await expect(asLines(page)).toMatchFileSnapshot('painter-page.snap');
});

test('what Python cannot repeat has no command', () => {
  for (const changes of [
    { net: 'synaptic' },
    { net: 'cppn' },
    { source: 'camera' },
    { net: 'siren', depth: 1, frozen: ['hidden1', 'colour'] },
  ] as const) {
    expect(commandOf(changes).command).toBeNull();
  }
  expect(commandOf({ net: 'siren', source: 'text', text: 'Ada' }).command).toBe(
    'limner lab painter picture.png --net siren',
  );
});
