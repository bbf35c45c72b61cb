// Tests the upload paths of video frames on a WebGL2 context: the test frame is uploaded to a texture, which is read
// back.

import {
  QUARTER_CENTERS,
  type SendFrame,
  UPLOAD_PATHS,
  type UploadPath,
  verifyUploadPaths,
} from '../../frames/upload-paths.ts';
import { gpuFinished } from './fence.ts';
import { upload } from './upload.ts';

export async function probeUploadPaths(gl: WebGL2RenderingContext): Promise<ReadonlySet<UploadPath>> {
  // The current frame goes first.
  await new Promise(resolve => setTimeout(resolve));
  return verifyUploadPaths(gl, UPLOAD_PATHS.slice(1), (_, picture) => readUploaded(gl, picture));
}

async function readUploaded(
  gl: WebGL2RenderingContext,
  picture: Parameters<SendFrame>[1],
): Promise<ArrayLike<number>> {
  const texture = gl.createTexture();
  const framebuffer = gl.createFramebuffer();
  try {
    gl.activeTexture(gl.TEXTURE0);
    gl.bindTexture(gl.TEXTURE_2D, texture);
    upload(gl, picture);
    gl.bindFramebuffer(gl.FRAMEBUFFER, framebuffer);
    gl.framebufferTexture2D(gl.FRAMEBUFFER, gl.COLOR_ATTACHMENT0, gl.TEXTURE_2D, texture, 0);
    // Reading earlier would block the page. Frames are drawn meanwhile.
    await gpuFinished(gl);
    gl.bindFramebuffer(gl.FRAMEBUFFER, framebuffer);
    return QUARTER_CENTERS.flatMap(([x, y]) => {
      const pixel = new Uint8Array(4);
      gl.readPixels(x, y, 1, 1, gl.RGBA, gl.UNSIGNED_BYTE, pixel);
      return Array.from(pixel, value => value / 255);
    });
  } finally {
    gl.deleteFramebuffer(framebuffer);
    gl.deleteTexture(texture);
  }
}
