/** A camera or a microphone, of which at most one stream is open: what is allowed after it was closed is let go at once. */

export class Capture {
  #stream: MediaStream | null = null;
  /** Of the newest call of `open` or `close`: the answer to an older one comes too late. */
  #call = 0;

  constructor(readonly constraints: MediaStreamConstraints) {}

  /** Null while none is open. */
  get stream(): MediaStream | null {
    return this.#stream;
  }

  /** Asks the visitor. Closes what was open before. Null if it was closed, or opened anew, before the visitor answered. Rejects
   * with the browser's DOMException if it is refused or missing. */
  async open(): Promise<MediaStream | null> {
    this.close();
    const call = this.#call;
    const stream = await navigator.mediaDevices.getUserMedia(this.constraints).catch(error => {
      if (call !== this.#call) return null;
      throw error;
    });
    if (call !== this.#call) {
      stop(stream);
      return null;
    }
    this.#stream = stream;
    return stream;
  }

  close(): void {
    this.#call++;
    stop(this.#stream);
    this.#stream = null;
  }
}

function stop(stream: MediaStream | null): void {
  for (const track of stream?.getTracks() ?? []) track.stop();
}
