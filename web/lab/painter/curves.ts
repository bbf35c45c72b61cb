/** The curves of a run: how near the painting is, and its loss. */
import { makeElement } from '../../shared/dom.ts';
import type { CurvePlotContent } from '../plot/curve-plot.ts';
import type { Squash } from './pixels.ts';
import type { Run } from './run.ts';

/** Points of a curve, at most; and steps whose errors are averaged for each. */
const POINTS = 400;

/** Of the five activations, apart for all eyes. */
export const SQUASH_STYLES: Readonly<
  Record<Squash, { name: string; color: string; dash: readonly number[] }>
> = {
  sigmoid: { name: 'Logistic', color: '#d98a00', dash: [] },
  tanh: { name: 'tanh', color: '#3f9bd8', dash: [7, 3] },
  relu: { name: 'ReLU', color: '#1f9e79', dash: [2, 3] },
  step: { name: 'Step', color: '#d0592a', dash: [9, 3, 2, 3] },
  identity: { name: 'Identity', color: '#c06fa0', dash: [4, 4] },
};

export const psnrOf = (loss: number): number => -10 * Math.log10(Math.max(loss, 1e-9));

/** Such as "21.3 dB"; nothing where the loss is not known. */
export const likenessText = (loss: number): string =>
  Number.isFinite(loss) ? `${psnrOf(loss).toFixed(1)} dB` : '';

/** Curves of decibels, or of losses. */
export function makeCurves({ curves: all, unit }: Run, isLikeness: boolean): CurvePlotContent {
  const curves = all.map(({ values, color, dash = [] }) => {
    const { means, steps } = meansOf(values);
    return { values: isLikeness ? means.map(psnrOf) : means, steps, color, dash, width: 2.5 };
  });
  return {
    curves,
    steps: Math.max(10, ...curves.map(({ steps }) => (steps[steps.length - 1] ?? 0) + 1)),
    xName: unit,
    yName: isLikeness ? 'decibels' : 'loss',
    isLinear: isLikeness,
  };
}

/** Which curve is which. */
export function makeKey(): HTMLElement {
  const key = makeElement('div', 'choices key');
  for (const { name, color } of Object.values(SQUASH_STYLES)) {
    const label = makeElement('span', 'hint', name);
    label.style.setProperty('--curve', color);
    key.append(label);
  }
  return key;
}

/** Means of equal parts of a run, at their last steps. */
function meansOf(values: readonly number[]): { means: number[]; steps: number[] } {
  const size = Math.max(1, Math.ceil(values.length / POINTS));
  const [means, steps]: [number[], number[]] = [[], []];
  for (let first = 0; first < values.length; first += size) {
    const part = values.slice(first, first + size);
    means.push(part.reduce((sum, value) => sum + value, 0) / part.length);
    steps.push(first + part.length - 1);
  }
  return { means, steps };
}
