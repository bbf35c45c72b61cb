/** The tabs, in their order. One that is not built is not listed. */
import type { TabEntry } from './shell/tab.ts';

export const TABS: readonly TabEntry[] = [
  { id: 'descent', name: 'Descent', load: async () => (await import('./descent/tab.ts')).makeDescentTab },
];
