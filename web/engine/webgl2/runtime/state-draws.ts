// The draws of a training step on the textures of its state: those of even steps read one texture of each pair and fill the
// other, and those of odd steps do the opposite.

import { EngineError } from '../../error.ts';
import type { StateLayout, StatePair } from '../draws/state-layout.ts';
import { compileStateUpdate, type StateUpdate } from '../draws/state-update.ts';
import type { PreparedDraw } from './program-cache.ts';
import type { TrainingNetwork } from './training-network.ts';

/** The draws of a step, in parts that read other live inputs. */
export interface StepDraws {
  readonly draws: readonly PreparedDraw[];
  /** Those of the optimizer, whose live inputs are its scalars; and the packing of the weights that they give. */
  readonly updates: readonly PreparedDraw[];
  readonly pack: PreparedDraw | null;
}

export class StateDraws {
  readonly #framebuffers: WebGLFramebuffer[] = [];

  constructor(
    readonly network: TrainingNetwork,
    readonly layout: StateLayout,
  ) {}

  /** The draws of even steps and of odd ones. Call it when those of the network are prepared. */
  prepare(update: Omit<StateUpdate, 'state' | 'results'>): readonly [StepDraws, StepDraws] {
    const updates = this.#prepareUpdates(update);
    const even = { draws: this.network.draws, updates, pack: this.#preparePacking() };
    return [even, this.#swapped(even)];
  }

  /** The draws that compute the next state: one, if it can fill as many textures as there are. */
  #prepareUpdates(update: Omit<StateUpdate, 'state' | 'results'>): PreparedDraw[] {
    const { network, layout } = this;
    return this.#groups().map(results => {
      const draw = compileStateUpdate(network.layouts, { ...update, state: layout, results });
      return { ...network.prepareDraw(draw), framebuffer: this.#makeFramebuffer(results, 'next') };
    });
  }

  /** The indices of textures that are filled at once. */
  #groups(): number[][] {
    const { layers } = this.network.context.limits;
    const all = this.layout.wholes.map((_, i) => i);
    return all.flatMap(i => (i % layers === 0 ? [all.slice(i, i + layers)] : []));
  }

  /** For a draw that fills several textures. */
  #makeFramebuffer(results: readonly number[], which: keyof StatePair): WebGLFramebuffer {
    const { network, layout } = this;
    const { gl } = network.context;
    // Textures that are made now bind framebuffers of their own.
    const textures = results.map(result => {
      const tensor = layout.wholes[result]?.[which];
      if (!tensor) throw new EngineError('The training has no such state.');
      return network.textures.valueTexture(network.layouts.get(tensor).texture).texture;
    });
    const framebuffer = gl.createFramebuffer();
    this.#framebuffers.push(framebuffer);
    gl.bindFramebuffer(gl.FRAMEBUFFER, framebuffer);
    const attachments = textures.map((texture, i) => {
      gl.framebufferTextureLayer(gl.FRAMEBUFFER, gl.COLOR_ATTACHMENT0 + i, texture, 0, 0);
      return gl.COLOR_ATTACHMENT0 + i;
    });
    gl.drawBuffers(attachments);
    return framebuffer;
  }

  #preparePacking(): PreparedDraw | null {
    const { network, layout } = this;
    const [first] = layout.wholes;
    if (!network.packed || !first) return null;
    const starts = new Map(layout.places.map(({ input, start }) => [input, start]));
    return network.prepareDraw(network.weights.compile(network.layouts, first.next, network.packed, starts));
  }

  /** The same draws with the textures of each pair swapped. */
  #swapped({ draws, updates, pack }: StepDraws): StepDraws {
    const { layouts, textures } = this.network;
    const groups = this.#groups();
    const other = new Map<WebGLTexture, WebGLTexture>();
    for (const { now, next } of this.layout.wholes) {
      const [a, b] = [now, next].map(tensor => textures.valueTexture(layouts.get(tensor).texture).texture);
      if (a && b) other.set(a, b).set(b, a);
    }
    const swap = (prepared: PreparedDraw): PreparedDraw => ({
      ...prepared,
      textures: prepared.textures.map(({ target, texture }) => ({
        target,
        texture: texture && (other.get(texture) ?? texture),
      })),
    });
    return {
      draws: draws.map(swap),
      updates: updates.map((prepared, i) => ({
        ...swap(prepared),
        framebuffer: this.#makeFramebuffer(groups[i] ?? [], 'now'),
      })),
      pack: pack && swap(pack),
    };
  }

  destroy(): void {
    const { gl } = this.network.context;
    for (const framebuffer of this.#framebuffers) gl.deleteFramebuffer(framebuffer);
  }
}
