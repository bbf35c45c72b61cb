// What tuning needs of the page: idle time, and storage for the shapes.

import type { KernelConfig } from '../kernels/config.ts';
import { defaultConfig } from './defaults.ts';

/** Tests pass their own. */
export interface PageEnvironment {
  /** The configuration to start from. */
  defaultConfig(device: GPUDevice): KernelConfig;
  /** Resolves to true in an idle moment, and to false if tuning should stop. */
  idle(): Promise<boolean>;
  readonly storage: { read(key: string): string | null; write(key: string, value: string): void };
}

/** The page's own: idle callbacks where available, and local storage where allowed. */
export function browserEnvironment(): PageEnvironment {
  const fallback = new Map<string, string>();
  const storage = (): Storage | null => {
    try {
      // Node may have one, and warns of it.
      return globalThis.document ? localStorage : null;
    } catch {
      return null; // Pages may be forbidden to look.
    }
  };
  return {
    defaultConfig,
    idle: () =>
      new Promise(resolve => {
        const answer = () => resolve(globalThis.document?.visibilityState !== 'hidden');
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
          // Full or forbidden. The next visit tries again.
        }
      },
    },
  };
}
