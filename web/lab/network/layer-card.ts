/** The cards of a network's layers: what each is, its shape, its parameters, and what it computes now. */
import { makeElement } from '../../shared/dom.ts';
import { FittedCanvas } from '../plot/fitted-canvas.ts';
import { type About, makeAbout } from '../shell/explain.ts';
import { formatCount } from '../shell/format.ts';

export interface Layer {
  readonly name: string;
  /** Such as "(N, 50)". */
  readonly shape: string;
  readonly parameters: number;
  readonly about: About;
  /** Pictures of the layer, each with a caption. */
  readonly views: readonly LayerView[];
}

export interface LayerView {
  readonly caption: string;
  readonly draw: FittedCanvas['draw'];
  readonly className?: string;
}

export class LayerCards {
  readonly element = makeElement('div', 'layers');
  #canvases: readonly FittedCanvas[] = [];

  /** Shows other layers. */
  show(layers: readonly Layer[]): void {
    const canvases: FittedCanvas[] = [];
    const cards = layers.map(layer => {
      const card = makeElement('section', 'card layer');
      const head = makeElement('header', 'card-head');
      const { name, shape, parameters } = layer;
      const weights = parameters > 0 ? ` · ${formatCount(parameters)} parameters` : '';
      head.append(
        makeElement('h2', '', name),
        makeAbout(name, layer.about, head),
        makeElement('span', 'figure', `${shape}${weights}`),
      );
      card.append(head);
      for (const { caption, draw, className = 'strip' } of layer.views) {
        const view = new FittedCanvas(className, `${name}: ${caption}`, draw);
        canvases.push(view);
        const figure = makeElement('figure');
        figure.append(view.canvas, makeElement('figcaption', 'hint', caption));
        card.append(figure);
      }
      return card;
    });
    this.#canvases = canvases;
    this.element.replaceChildren(...cards);
  }

  /** Draws them with other weights. */
  request(): void {
    for (const canvas of this.#canvases) canvas.request();
  }
}
