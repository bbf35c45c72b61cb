// Saves, restores and resets the state on WebGL2. Frames advance it with draws of their own (`engine/state.ts`).

import { EngineError } from '../../error.ts';
import type { Plan } from '../../graph/passes/plan.ts';
import { readStateValues } from '../../state.ts';
import type { Context } from './context.ts';
import type { Textures } from './textures.ts';

type Arrays = Record<string, Float32Array>;

/** What a network has of it. */
interface Parts {
  readonly context: Context;
  readonly plan: Plan;
  readonly textures: Textures;
}

/** `run` with the option `state`. */
export async function accessState(
  { context, plan, textures }: Parts,
  given: Arrays,
  how: 'only' | 'reset',
  read: boolean,
): Promise<Arrays> {
  for (const [tensor, values] of readStateValues(plan, given, how)) textures.write(tensor, values);
  const state = read ? (plan.state ?? []) : [];
  const values = await textures.read(state.map(({ input }) => input));
  // A lost context returns zeros.
  if (context.gl.isContextLost())
    throw new EngineError('The WebGL2 context was lost, and its state with it.');
  return values;
}
