// Waiting for the GPU without stopping the page.

/** How often unfinished work is asked whether it is finished, in milliseconds. */
const POLL_MS = 1;

/** When all work so far is done, or the context is lost. */
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
