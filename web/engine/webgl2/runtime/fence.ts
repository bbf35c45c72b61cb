// Waits for the GPU without blocking the page.

/** Milliseconds between two polls. */
const POLL_MS = 1;

/** Resolves when the work so far is done, or the context is lost. */
export function gpuFinished(gl: WebGL2RenderingContext): Promise<void> {
  const sync = gl.fenceSync(gl.SYNC_GPU_COMMANDS_COMPLETE, 0);
  if (!sync) return Promise.resolve();
  gl.flush();
  return new Promise(resolve => {
    const ask = () => {
      if (!gl.isContextLost() && gl.getSyncParameter(sync, gl.SYNC_STATUS) !== gl.SIGNALED) {
        setTimeout(ask, POLL_MS);
        return;
      }
      gl.deleteSync(sync);
      resolve();
    };
    ask();
  });
}
