/**
 * Loads a look: fetches its bytes, reads them with the engine, creates a painter and hands it to the render
 * loop. Only one look loads at a time; a later request aborts the earlier one. A lost painter is replaced
 * in the same way.
 */
import type { OnCompiled } from '../engine/index.ts';
import { makeElement } from '../shared/dom.ts';
import { errorMessage, FetchError, OwnTabError } from '../shared/errors.ts';
import { fetchLook, type LookEntry } from './looks/look-index.ts';
import { readAnyLook } from './painters/any-look.ts';
import type { FormatChoices } from './painters/format/adapt.ts';
import type { Sizes } from './painters/format/sizes.ts';
import { type AnyLook, type Backend, type Painter, UnpaintableError } from './painters/painter.ts';
import { selectPainter } from './painters/select.ts';
import type { RenderLoop } from './render/render-loop.ts';
import type { AdaptedLook } from './ui/format-form.ts';
import { lookTitle, showLabel } from './ui/look-label.ts';
import { type LookList, receivedSize } from './ui/look-list.ts';
import type { Notifications } from './ui/notifications.ts';
import { makeTabAction } from './ui/own-tab.ts';
import type { Sliders } from './ui/sliders.ts';

const MAX_LOSSES = 3;
const LOSS_WINDOW_MS = 60_000;
/** Fewer kernels compile without a word, unless they take longer. */
const MANY_KERNELS = 20;
const LONG_COMPILING_MS = 1000;
const MAX_LOOK_BYTES = 1e9;
/** With which programs begin ONNX files: field 1, the version of the format. */
const FIRST_BYTE = 0x08;
const UNPAINTABLE = 'cannot be painted with here';

interface LoadedLook {
  readonly look: AnyLook;
  readonly bytes: Uint8Array;
  /** With filters in its graph, which then paints. */
  readonly filtered?: { readonly look: AnyLook; readonly bytes: Uint8Array } | null | undefined;
  readonly fileName: string;
  /** For another program's network, what was found out about it; for a look of any style, which it is. */
  readonly adapted?: AdaptedLook | null;
}

export class LookLoader {
  readonly #notifications: Notifications;
  readonly #renderLoop: RenderLoop;
  readonly #lookList: LookList;
  readonly #sliders: Sliders;
  readonly #forcedBackend: Backend | null;
  readonly #onLookShown: (look: AnyLook) => void;
  /** For each look, the backends that failed after the engine's own retries, and why. */
  readonly #failedBackends = new WeakMap<AnyLook, Map<Backend, string>>();
  /** Whether a look was asked for, even if it failed. */
  isAsked = false;
  #loading: AbortController | null = null;
  #current: LoadedLook | null = null;
  /** Shows the form of the current look as it was, after a choice that failed. */
  #restoreForm: () => void = () => undefined;
  #lossTimes: number[] = [];

  constructor(
    parts: { notifications: Notifications; renderLoop: RenderLoop; lookList: LookList; sliders: Sliders },
    forcedBackend: Backend | null,
    onLookShown: (look: AnyLook) => void,
  ) {
    this.#notifications = parts.notifications;
    this.#renderLoop = parts.renderLoop;
    this.#lookList = parts.lookList;
    this.#sliders = parts.sliders;
    this.#forcedBackend = forcedBackend;
    this.#onLookShown = onLookShown;
  }

  /** The look that paints, or that painted last. */
  get current(): LoadedLook | null {
    return this.#current;
  }

  /** Goes on with the current look in this form, at the same live inputs; null is the form of its file. */
  async setFiltered(
    make: () => Promise<LoadedLook['filtered']>,
    onError: (error: unknown) => void,
  ): Promise<void> {
    const loaded = this.#current;
    if (!loaded) return;
    await this.#runExclusively(async signal => {
      await this.#startPainter({ ...loaded, filtered: await make() }, performance.now(), signal);
    }, onError);
  }

  /** Fetches a look of the list and starts it. */
  loadEntry(
    entry: LookEntry,
    chosenAt = performance.now(),
    said?: FormatChoices,
    sizes?: Sizes | null,
  ): Promise<void> {
    return this.#runExclusively(
      async signal => {
        this.#lookList.showProgress(`Fetching ${entry.name}`, entry.bytes > 0 ? 0 : null);
        const bytes = await fetchLook(
          entry,
          fraction => this.#lookList.showProgress(`Fetching ${entry.name}`, fraction),
          signal,
        );
        this.#lookList.showProgress(`Unpacking ${entry.name}`, null);
        const loaded = await this.#readLook(bytes, entry.file, signal, said ?? 'published', sizes);
        if (!(await this.#startPainter(loaded, chosenAt, signal))) return;
        this.#lookList.select(entry.file);
        await this.#showForm(
          loaded,
          true,
          (changed, known) => void this.loadEntry(entry, performance.now(), changed, known),
        );
      },
      error =>
        this.#showFailure(
          `“${entry.name}”`,
          error,
          () => void this.loadEntry(entry, performance.now(), said, sizes),
        ),
    );
  }

  /** Opens and starts a look from the visitor's disk. `sizes` are those that were found before. */
  loadFile(file: File, said: FormatChoices = {}, sizes?: Sizes | null): Promise<void> {
    this.#notifications.clear();
    const chosenAt = performance.now();
    return this.#runExclusively(
      async signal => {
        if (file.size > MAX_LOOK_BYTES) throw new UnpaintableError('it is larger than a browser can hold.');
        this.#lookList.showProgress(`Unpacking ${file.name}`, null);
        const bytes = new Uint8Array(await file.arrayBuffer());
        if (signal.aborted) return;
        const loaded = await this.#readLook(bytes, file.name, signal, said, sizes);
        if (!(await this.#startPainter(loaded, chosenAt, signal))) return;
        this.#lookList.select(null);
        await this.#showForm(loaded, false, (changed, known) => void this.loadFile(file, changed, known));
      },
      error => this.#showFailure(file.name, error, () => void this.loadFile(file, said, sizes)),
    );
  }

  /** Reads a look. Another program's network is made one, whatever the format of its pictures. */
  async #readLook(
    bytes: Uint8Array<ArrayBuffer>,
    fileName: string,
    signal: AbortSignal,
    said: FormatChoices | 'published',
    sizes?: Sizes | null,
  ): Promise<LoadedLook> {
    const read = await readAnyLook(bytes).catch((error: unknown) => {
      if (error instanceof UnpaintableError) return error;
      throw error;
    });
    if (!(read instanceof Error) && read.info.guide) return { look: read, bytes, fileName };
    const { adaptLook, PUBLISHED } = await import('./ui/format-form.ts').catch(error => {
      throw read instanceof Error && bytes[0] !== FIRST_BYTE ? read : error; // a damaged file needs no more
    });
    const makeTrialPainter = async (trial: Uint8Array<ArrayBuffer>) =>
      this.#selectPainter({ look: await readAnyLook(trial), bytes: trial, fileName }, new Map(), signal);
    const adapted = await adaptLook(bytes, said === 'published' ? PUBLISHED : said, makeTrialPainter, sizes);
    if (adapted && adapted.bytes !== bytes) {
      return { look: await readAnyLook(adapted.bytes), bytes: adapted.bytes, fileName, adapted };
    }
    if (read instanceof Error) throw read;
    return { look: read, bytes, fileName, adapted };
  }

  /** Shows what the visitor may say about another program's network, and removes it for other looks. */
  async #showForm(
    { adapted }: LoadedLook,
    isPublished: boolean,
    onSaid: (said: FormatChoices, sizes: Sizes | null) => void,
  ): Promise<void> {
    if (!adapted) {
      document.getElementById('format-form')?.remove();
      this.#restoreForm = () => undefined;
      return;
    }
    const { showFormatForm } = await import('./ui/format-form.ts');
    this.#restoreForm = () =>
      showFormatForm(adapted, isPublished, said => onSaid(said, adapted.sizes), {
        notifications: this.#notifications,
        backend: this.#forcedBackend,
      });
    this.#restoreForm();
  }

  /** Says why a look was not started, with a button for what helps. */
  #showFailure(name: string, error: unknown, run: () => void): void {
    this.#restoreForm();
    const reason = errorMessage(error);
    const retry = error instanceof UnpaintableError ? undefined : { label: 'Try again', run };
    this.#notifications.alert(
      error instanceof FetchError ? reason : `${name} ${UNPAINTABLE}: ${reason}`,
      error instanceof OwnTabError ? makeTabAction(this.#notifications) : retry,
    );
  }

  /** Replaces a painter that was lost for good. After MAX_LOSSES within LOSS_WINDOW_MS it stops and asks the visitor. */
  handleLoss(reason: string): void {
    const now = performance.now();
    this.#lossTimes = [...this.#lossTimes.filter(time => now - time < LOSS_WINDOW_MS), now];
    const { painter } = this.#renderLoop;
    if (painter) {
      if (this.#current) this.#recordFailure(this.#current.look, painter.backend, reason);
      this.#renderLoop.removePainter(painter);
    }
    if (this.#loading) return; // the look that is loading takes over; if it fails, this one is resumed
    if (this.#lossTimes.length < MAX_LOSSES && this.#forcedBackend === null) {
      this.#resume();
      return;
    }
    this.#notifications.alert(`Painting stopped (${reason}). Close other heavy pages, then try again.`, {
      label: 'Try again',
      run: () => {
        this.#lossTimes = [];
        if (this.#current) this.#failedBackends.delete(this.#current.look);
        this.#resume();
      },
    });
  }

  /** Starts the current look again. */
  #resume(): void {
    const loaded = this.#current;
    if (!loaded) return;
    void this.#runExclusively(
      async signal => {
        await this.#startPainter(loaded, performance.now(), signal);
      },
      error => this.handleLoss(errorMessage(error)),
    );
  }

  /** Aborts the task that is running and runs this one. Reports its error unless it was aborted in turn. */
  async #runExclusively(
    task: (signal: AbortSignal) => Promise<void>,
    onError: (error: unknown) => void,
  ): Promise<void> {
    this.isAsked = true;
    this.#loading?.abort();
    const loading = new AbortController();
    this.#loading = loading;
    const failed = await task(loading.signal).then(
      () => null,
      (error: unknown) => ({ error }),
    );
    if (this.#loading !== loading) return;
    this.#loading = null;
    this.#lookList.hideProgress();
    if (failed) onError(failed.error);
    // The previous painter may have been lost meanwhile, while this look was expected to take over.
    const isStopped = this.#lossTimes.length >= MAX_LOSSES;
    if (failed && !this.#loading && !this.#renderLoop.painter && !isStopped) this.#resume();
  }

  /** Creates a painter for a look and shows it; false if the task was aborted. */
  async #startPainter(loaded: LoadedLook, chosenAt: number, signal: AbortSignal): Promise<boolean> {
    const { look, bytes, fileName, adapted } = loaded;
    const started: { painter: Painter | null; lossReason: string | null } = {
      painter: null,
      lossReason: null,
    };
    const failed = this.#failedBackends.get(look) ?? new Map<Backend, string>();
    const painter = await this.#selectPainter(loaded, failed, signal, reason => {
      started.lossReason = reason;
      if (started.painter && started.painter === this.#renderLoop.painter) this.handleLoss(reason);
    });
    started.painter = painter;
    const isCancelled = () => signal.aborted || started.lossReason !== null;
    const isRestyled = adapted && 'predictor' in adapted && this.#current?.fileName === fileName;
    const isSameLook = this.#current?.look === look || !!isRestyled;
    const isShown = await this.#renderLoop.setPainter(painter, chosenAt, isCancelled, isSameLook);
    if (!isShown) {
      if (signal.aborted || started.lossReason === null) return false;
      const hasFailedBefore = failed.has(painter.backend);
      if (hasFailedBefore || this.#forcedBackend !== null) throw new Error(started.lossReason);
      this.#recordFailure(look, painter.backend, started.lossReason);
      return this.#startPainter(loaded, chosenAt, signal);
    }
    if (!isSameLook) this.#sliders.setInputs(look.info.live);
    const isOtherForm = isSameLook && this.#current?.filtered !== loaded.filtered;
    this.#current = loaded;
    if (isOtherForm) return true;
    showLabel(look.info, bytes.length, fileName);
    document.body.classList.remove('no-look');
    const suffix = describeFallback(look, painter, failed);
    const found = adapted?.sentence ? ` ${adapted.sentence}` : '';
    this.#notifications.inform(`Painting with “${lookTitle(look.info, fileName)}”${suffix}.${found}`);
    this.#onLookShown(look);
    return true;
  }

  #selectPainter(
    { look: plain, bytes: file, filtered }: LoadedLook,
    excluded: ReadonlyMap<Backend, string>,
    signal: AbortSignal,
    onLost: (reason: string) => void = () => undefined,
  ): Promise<Painter> {
    const { look, bytes } = filtered ?? { look: plain, bytes: file };
    return selectPainter(look, bytes, {
      forcedBackend: this.#forcedBackend,
      excluded,
      signal,
      firstFrame: this.#renderLoop.isVideo ? 'video' : 'picture',
      makeCanvas: () => makeElement('canvas'),
      onProgress: (fraction, received) =>
        this.#lookList.showProgress(`Fetching the WASM painter${receivedSize(fraction, received)}`, fraction),
      onDownloaded: () => this.#lookList.showProgress('Starting the WASM painter', null),
      onCompiled: this.#showCompiling(signal),
      onLost,
    });
  }

  /** Shows how many kernels are compiled, where there are many or it takes long. It is announced once. */
  #showCompiling(signal: AbortSignal): OnCompiled {
    const start = performance.now();
    let isAnnounced = false;
    return (done, total) => {
      const isShort = total <= MANY_KERNELS && performance.now() - start < LONG_COMPILING_MS;
      if (signal.aborted || isShort) return;
      this.#lookList.showProgress(`Preparing ${done} of ${total} kernels`, done / total);
      if (!isAnnounced) this.#notifications.inform(`Preparing ${total} kernels for this look.`);
      isAnnounced = true;
    };
  }

  #recordFailure(look: AnyLook, backend: Backend, reason: string): void {
    const failed = this.#failedBackends.get(look) ?? new Map<Backend, string>();
    const subject = backend === 'wasm' ? 'WASM' : 'The GPU';
    this.#failedBackends.set(
      look,
      failed.set(backend, `${subject} was lost while it painted this look (${reason}).`),
    );
  }
}

/** What a visitor should know about the choice of the backend, as the end of a sentence. */
function describeFallback(look: AnyLook, painter: Painter, failed: ReadonlyMap<Backend, string>): string {
  if ('refusal' in look) return ', without the GPU: it cannot run this look';
  if (painter.wasmFailure) return ', slowly: without a graphics processor, and without WASM';
  const isGpuLost = failed.has('webgpu') || failed.has('webgl2');
  return isGpuLost && painter.backend === 'wasm' ? ', without the GPU: it was lost' : '';
}
