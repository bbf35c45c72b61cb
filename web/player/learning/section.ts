/** A part of the panel: where examples come from, and what is learned from them. */

import type { LookInfo } from '../../engine/index.ts';
import type { RenderLoop } from '../render/render-loop.ts';
import type { Notifications } from '../ui/notifications.ts';
import type { LearningTask } from './task.ts';

/** The look that the page paints with, and its file. */
export interface BaseLook {
  readonly info: LookInfo;
  readonly bytes: Uint8Array;
  /** Its name, or that of its file. */
  readonly title: string;
}

export interface SectionParts {
  readonly notifications: Notifications;
  readonly renderLoop: RenderLoop;
  readonly baseLook: () => BaseLook | null;
  /** The examples are other ones. */
  readonly onChange: () => void;
  /** Shows the panel again: a dialog closes it. */
  readonly showPanel: () => void;
}

export interface Section {
  readonly element: HTMLElement;
  /** How many of what, as "3 pictures"; empty if there are none. */
  readonly examples: string;
  /** What to do where there are none. */
  readonly advice: string;
  readonly makeTask: (look: BaseLook) => LearningTask;
}

export const countOf = (count: number, one: string, many: string): string =>
  count === 0 ? '' : `${count} ${count === 1 ? one : many}`;
