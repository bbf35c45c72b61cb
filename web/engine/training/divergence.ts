import { EngineError } from '../error.ts';

/** Losses or weights became infinite or NaN. The trainer has gone back to its last good state: a smaller learning rate may
 * go on from there. */
export class DivergenceError extends EngineError {}
