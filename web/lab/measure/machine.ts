/** What a page can tell of the machine that it runs on. */
import { browserName, systemName } from '../../shared/browser.ts';
import { makeElement } from '../../shared/dom.ts';
import { formatNumber } from '../shell/format.ts';
import { BACKEND_LABELS, type BackendState } from './backends.ts';
import type { BackendName } from './workload.ts';

export interface Machine {
  readonly browser: string;
  readonly system: string;
  readonly cores: number;
  /** The clock's smallest step, in milliseconds. */
  readonly clockStep: number;
  readonly backends: Readonly<Record<BackendName, BackendState>>;
}

export const describeMachine = (backends: Machine['backends'], clockStep: number): Machine => ({
  browser: browserName(navigator.userAgent),
  system: systemName(navigator.userAgent),
  cores: navigator.hardwareConcurrency,
  clockStep,
  backends,
});

const gpuText = ({ device, software, reason }: BackendState): string =>
  reason ?? `${device}${software ? ', in software' : ''}`;

/** Names and values, as people read them. */
export const factsOf = ({
  browser,
  system,
  cores,
  clockStep,
  backends,
}: Machine): readonly (readonly [string, string])[] => [
  ['Browser', browser],
  ['System', system],
  ['Cores', String(cores)],
  [BACKEND_LABELS.webgpu, gpuText(backends.webgpu)],
  [BACKEND_LABELS.webgl2, gpuText(backends.webgl2)],
  ['Clock', `steps of ${formatNumber(clockStep)} ms`],
];

export function showMachine(list: HTMLElement, machine: Machine): void {
  list.replaceChildren(
    ...factsOf(machine).flatMap(([name, value]) => [
      makeElement('dt', '', name),
      makeElement('dd', '', value),
    ]),
  );
}
