/** The cards of the network's layers: what each unit answers over all of x, and the weights. */
import type { Layer } from '../network/layer-card.ts';
import { drawMatrix, largest } from '../network/strip.ts';
import { LAYER_ABOUT } from './about.ts';
import { type DenseLayer, parametersOf } from './network.ts';

/** What is drawn now. */
export interface LayerState {
  readonly weights: ReadonlyMap<string, Float32Array>;
  /** Of each layer: its units by the places of x. */
  readonly answers: readonly { readonly values: Float64Array; readonly places: number }[];
}

const kindOf = (name: string) => (name === 'input' || name === 'output' ? name : 'hidden');
const TITLES = { input: 'First layer', output: 'Output' } as const;

export function makeLayers(layers: readonly DenseLayer[], state: () => LayerState): Layer[] {
  return layers.map((layer, index) => {
    const { name, from, to, act } = layer;
    const kind = kindOf(name);
    const title = kind === 'hidden' ? name.replace('hidden', 'Hidden layer') : TITLES[kind];
    const bend = kind === 'hidden' && act !== 'linear' ? `, ${act}` : '';
    return {
      name: title,
      shape: `${from} → ${to}${bend}`,
      parameters: parametersOf(layer),
      about: LAYER_ABOUT[kind],
      views: [
        {
          caption:
            to > 1
              ? `What its ${to} units answer, from the least x to the most`
              : 'What it answers, from the least x to the most',
          className: to > 1 ? 'strip tall' : 'strip',
          draw: (context: CanvasRenderingContext2D, width: number, height: number) => {
            const { values, places } = state().answers[index] ?? { values: [], places: 1 };
            drawMatrix(context, values, [to, places], largest(values), [0, 0, width, height]);
          },
        },
        ...(from * to > 1
          ? [
              {
                caption: `Its weights, ${to} × ${from}`,
                className: to > 1 && from > 1 ? 'strip tall' : 'strip',
                draw: (context: CanvasRenderingContext2D, width: number, height: number) => {
                  const weights = state().weights.get(`${name}.weight`) ?? new Float32Array();
                  const shape = from === 1 ? ([1, to] as const) : ([to, from] as const);
                  drawMatrix(context, weights, shape, largest(weights), [0, 0, width, height]);
                },
              },
            ]
          : []),
      ],
    };
  });
}
