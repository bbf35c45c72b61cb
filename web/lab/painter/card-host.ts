/** What the cards of the tab that have controls are given. */
import type { PainterSettings } from './settings.ts';

export interface CardHost {
  readonly settings: PainterSettings;
  /** Hides an element while it says so, and returns it. */
  readonly showOnly: (element: HTMLElement, isShown: () => boolean) => HTMLElement;
  readonly fail: (error: unknown) => void;
}
