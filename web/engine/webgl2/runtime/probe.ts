// Probes a frame's draws for the health monitor: runs them on the test pattern and samples their outputs. Nothing is
// shown and no program is compiled. The few GL objects are small, and are deleted again. The last draw, which shows
// the painting on the canvas, is left out: its input is sampled.

import { EngineError } from '../../error.ts';
import type { Crop } from '../../frames/source.ts';
import { defaultLiveInputs } from '../../live-inputs.ts';
import type { ProbeResult } from '../../painter.ts';
import { GOLDEN_RATIO, TEST_PATTERN_SIDE, testPattern } from '../../recovery/probe.ts';
import { gpuFinished } from './fence.ts';
import type { Network } from './network.ts';
import type { PreparedDraw } from './program-cache.ts';

/** Pieces of rows that are read per draw, from one layer after the other. */
const SAMPLES_PER_DRAW = 8;
/** Texels of a piece, at most. */
const SAMPLE_TEXELS = 16;
/** Values per draw. If a draw has fewer, the rest are zeros. */
const VALUES_PER_DRAW = SAMPLES_PER_DRAW * SAMPLE_TEXELS * 4;

export async function probe(network: Network, crop: Crop): Promise<ProbeResult> {
  const { frameInput, context, plan } = network;
  // The last ones replace the state.
  const draws = network.draws.slice(0, network.draws.length - (plan.state?.length ?? 0));
  if (!frameInput) throw new EngineError('This model takes no picture, so there is no frame to probe.');
  const { gl } = context;
  const live = defaultLiveInputs(plan);
  const texture = gl.createTexture();
  const buffer = gl.createBuffer();
  try {
    gl.activeTexture(gl.TEXTURE0);
    gl.bindTexture(gl.TEXTURE_2D, texture);
    gl.texStorage2D(gl.TEXTURE_2D, 1, gl.RGBA8, TEST_PATTERN_SIDE, TEST_PATTERN_SIDE);
    gl.texParameteri(gl.TEXTURE_2D, gl.TEXTURE_MIN_FILTER, gl.LINEAR);
    const { RGBA, UNSIGNED_BYTE } = gl;
    gl.texSubImage2D(
      gl.TEXTURE_2D,
      0,
      0,
      0,
      TEST_PATTERN_SIDE,
      TEST_PATTERN_SIDE,
      RGBA,
      UNSIGNED_BYTE,
      testPattern(),
    );
    const textures = frameInput.textures.map(one =>
      one.texture === network.resources.frame ? { ...one, texture } : one,
    );
    network.draw({ ...frameInput, textures }, live, crop);
    const values = new Float32Array(draws.length * VALUES_PER_DRAW);
    gl.bindBuffer(gl.PIXEL_PACK_BUFFER, buffer);
    gl.bufferData(gl.PIXEL_PACK_BUFFER, values.byteLength, gl.STREAM_READ);
    draws.forEach((prepared, i) => {
      network.draw(prepared, live);
      readSamples(gl, prepared, i * VALUES_PER_DRAW * 4);
    });
    gl.bindBuffer(gl.PIXEL_PACK_BUFFER, null);
    await gpuFinished(gl);
    gl.bindBuffer(gl.PIXEL_PACK_BUFFER, buffer);
    gl.getBufferSubData(gl.PIXEL_PACK_BUFFER, 0, values);
    gl.bindBuffer(gl.PIXEL_PACK_BUFFER, null);
    // A lost context returns zeros.
    if (gl.isContextLost()) throw new EngineError('The WebGL2 context was lost while it was probed.');
    return { values, isPainted: true };
  } finally {
    gl.deleteBuffer(buffer);
    gl.deleteTexture(texture);
  }
}

/** Copies pieces of the last draw's output, one after the other. */
function readSamples(gl: WebGL2RenderingContext, { area, layers }: PreparedDraw, start: number): void {
  const length = Math.min(SAMPLE_TEXELS, area.width);
  for (let i = 0; i < SAMPLES_PER_DRAW; i++) {
    const x = Math.floor(((i * GOLDEN_RATIO) % 1) * (area.width - length + 1));
    const y = area.top + Math.floor((((i + 0.5) * GOLDEN_RATIO) % 1) * area.height);
    gl.readBuffer(gl.COLOR_ATTACHMENT0 + (i % layers));
    gl.readPixels(x, y, length, 1, gl.RGBA, gl.FLOAT, start + i * length * 16);
  }
}
