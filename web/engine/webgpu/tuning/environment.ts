// What a painter takes of the page that it is on: idle moments for the tuner, which begins when the first
// painting is done, and a memory for what it found.

import type { KernelConfig } from '../kernels/config.ts';
import { defaultConfig } from './defaults.ts';

/** Tests have their own. */
export interface PageEnvironment {
  /** The style to begin with. */
  defaultConfig(device: GPUDevice): KernelConfig;
  /** Resolves when nobody would notice some milliseconds; false where it is better to give up. */
  idle(): Promise<boolean>;
  readonly storage: { read(key: string): string | null; write(key: string, value: string): void };
}

/** The page's own: idle callbacks where there are any, and local storage where the page may use it. */
export function browserEnvironment(): PageEnvironment {
  const fallback = new Map<string, string>();
  const storage = (): Storage | null => {
    try {
      return globalThis.localStorage ?? null;
    } catch {
      return null; // Pages may be forbidden to look.
    }
  };
  return {
    defaultConfig,
    idle: () =>
      new Promise(resolve => {
        const answer = () =>
          resolve(typeof document === 'undefined' || document.visibilityState === 'visible');
        if (typeof requestIdleCallback === 'function') requestIdleCallback(answer, { timeout: 1000 });
        else setTimeout(answer, 50);
      }),
    storage: {
      read: key => storage()?.getItem(key) ?? fallback.get(key) ?? null,
      write: (key, value) => {
        fallback.set(key, value);
        try {
          storage()?.setItem(key, value);
        } catch {
          // Full or forbidden: it is tried again on the next visit.
        }
      },
    },
  };
}
