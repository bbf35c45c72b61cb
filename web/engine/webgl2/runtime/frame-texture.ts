// Frames of a camera, a video or a picture as a texture, uploaded for each frame. If the browser does not upload
// a video to WebGL, or does it wrongly, other upload paths are used (`frames/uploader.ts`).

import {
  type Crop,
  cropOf,
  fitWithin,
  isBitmap,
  isVideo,
  type Size,
  sizeOfSource,
  unreadableError,
} from '../../frames/source.ts';
import { FrameUploader } from '../../frames/uploader.ts';
import type { FrameSource } from '../../painter.ts';
import { upload } from './upload.ts';
import { probeUploadPaths } from './upload-probe.ts';

export class FrameTexture {
  readonly texture: WebGLTexture;
  readonly #uploader: FrameUploader;
  /** The bitmap in the texture, if it holds one. */
  #bitmap: WeakRef<ImageBitmap> | null = null;

  constructor(
    readonly gl: WebGL2RenderingContext,
    readonly pixels: Size,
    /** Largest side of a texture. */
    readonly maxSize: number,
  ) {
    this.#uploader = new FrameUploader(() => probeUploadPaths(gl));
    this.texture = gl.createTexture();
    gl.bindTexture(gl.TEXTURE_2D, this.texture);
    gl.texParameteri(gl.TEXTURE_2D, gl.TEXTURE_MIN_FILTER, gl.LINEAR);
    gl.texParameteri(gl.TEXTURE_2D, gl.TEXTURE_MAG_FILTER, gl.LINEAR);
    gl.texParameteri(gl.TEXTURE_2D, gl.TEXTURE_WRAP_S, gl.CLAMP_TO_EDGE);
    gl.texParameteri(gl.TEXTURE_2D, gl.TEXTURE_WRAP_T, gl.CLAMP_TO_EDGE);
  }

  /** Uploads the frame to the texture; null while the source has none. */
  upload(source: FrameSource, mirror: boolean): Crop | null {
    const whole = sizeOfSource(source);
    if (Math.min(...whole) === 0) return null;
    const size = fitWithin(whole, this.maxSize);
    // A bitmap never changes.
    if (!isBitmap(source) || this.#bitmap?.deref() !== source) {
      try {
        this.#fill(source, size, size[0] < whole[0] || size[1] < whole[1]);
      } catch (error) {
        throw unreadableError(error);
      }
    }
    return cropOf(size, this.pixels, mirror);
  }

  #fill(source: FrameSource, size: Size, smaller: boolean): void {
    const { gl } = this;
    const video = isVideo(source);
    if (video) this.#uploader.startVerification();
    gl.activeTexture(gl.TEXTURE0);
    gl.bindTexture(gl.TEXTURE_2D, this.texture);
    this.#bitmap = null;
    const fill = (from: FrameSource) => upload(gl, from);
    // A picture that is larger than any texture is drawn smaller first.
    if (smaller) fill(this.#uploader.draw(source, size));
    else if (video) this.#uploader.upload(source, size, fill);
    else fill(source);
    if (isBitmap(source)) this.#bitmap = new WeakRef(source);
  }

  destroy(): void {
    this.#uploader.close();
    this.gl.deleteTexture(this.texture);
  }
}
