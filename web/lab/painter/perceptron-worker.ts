/** The worker that trains perceptrons, some columns of pixels at a time. */
import { Perceptron, rateOfSweep } from './perceptron.ts';
import type { PerceptronOrder, PerceptronPlan, PerceptronProgress } from './perceptron-protocol.ts';
import type { Pixels } from './pixels.ts';

/** Every so many pixels are enough to know an error. */
const STRIDE = 7;
const [SLICE_MS, TELL_MS, SLOW_MS] = [20, 120, 60];

let plan: PerceptronPlan | null = null;
let pixels: Pixels = { width: 1, height: 1, colors: new Float32Array(3) };
let perceptrons: Perceptron[] = [];
let losses: number[][] = [];
let column = 0;
let sweep = 0;
let rate = 0;
let isRunning = false;
let isSlow = false;
let told = 0;
let toldSteps = 0;

const worker = self as unknown as Worker;
const countSteps = () => (sweep * pixels.width + column) * pixels.height * perceptrons.length;

function begin(): void {
  if (!plan) return;
  const { hidden, seed, squashes } = plan;
  perceptrons = squashes.map(squash => new Perceptron(hidden, squash, seed));
  losses = squashes.map(() => []);
  rate = plan.rate;
  column = 0;
  sweep = 0;
  toldSteps = 0;
}

function tell(): void {
  const now = performance.now();
  const steps = countSteps();
  const progress: PerceptronProgress = {
    steps,
    numbers: perceptrons.map(({ numbers }) => numbers),
    losses,
    rate: isRunning && !isSlow ? (1000 * (steps - toldSteps)) / (now - told) : null,
  };
  told = now;
  toldSteps = steps;
  worker.postMessage(progress);
}

/** Steps on the pixels of one column. After a sweep, the whole picture is looked at. */
function learnColumn(): void {
  for (const one of perceptrons) one.learnColumn(pixels, column, rateOfSweep(sweep, rate));
  column += 1;
  if (column < pixels.width) return;
  column = 0;
  sweep += 1;
  perceptrons.forEach((one, i) => {
    losses[i]?.push(one.errorOf(pixels, STRIDE));
  });
}

function run(): void {
  if (!isRunning) return;
  const end = performance.now() + SLICE_MS;
  do learnColumn();
  while (!isSlow && performance.now() < end);
  if (isSlow || performance.now() - told >= TELL_MS) tell();
  setTimeout(run, isSlow ? SLOW_MS : 0);
}

worker.addEventListener('message', ({ data }: MessageEvent<PerceptronOrder>) => {
  const wasRunning = isRunning;
  if (data.kind === 'begin') {
    ({ plan, pixels } = data);
    begin();
  } else if (data.kind === 'change') ({ rate } = data);
  else if (data.kind === 'pixels') ({ pixels } = data);
  else if (data.kind === 'tear') for (const one of perceptrons) one.tear(data.unit);
  else if (data.kind === 'run') {
    isRunning = true;
    ({ isSlow } = data);
    told = performance.now();
    toldSteps = countSteps();
    if (!wasRunning) run();
    return;
  } else if (data.kind === 'pause') isRunning = false;
  else learnColumn();
  tell();
});
