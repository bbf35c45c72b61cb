// Picks the format of values, and how many layers of it a draw can fill. No limit tells that: tile memory bounds the
// bytes of a pixel over all layers (64 on Apple's GPUs, 32 on old ones), and a larger framebuffer counts as complete
// until something is drawn. So one pixel is drawn and read.

import triangle from './fullscreen-triangle.glsl?raw';

export interface TextureFormat {
  readonly format: 'RGBA32F' | 'RGBA16F';
  /** What one fragment computes. More than eight would not fit the registers of small GPUs. */
  readonly layers: number;
}

/** Best first. */
const TEXTURE_FORMATS: readonly TextureFormat[] = [
  { format: 'RGBA32F', layers: 8 },
  { format: 'RGBA32F', layers: 4 },
  { format: 'RGBA16F', layers: 8 },
  { format: 'RGBA16F', layers: 4 },
  { format: 'RGBA32F', layers: 2 },
  { format: 'RGBA16F', layers: 2 },
  { format: 'RGBA32F', layers: 1 },
  { format: 'RGBA16F', layers: 1 },
];

/** Null if floating point textures cannot be drawn into; with `isExact`, if those of 32 bits cannot. */
export function pickTextureFormat(gl: WebGL2RenderingContext, isExact = false): TextureFormat | null {
  gl.getExtension('EXT_color_buffer_half_float');
  const single = gl.getExtension('EXT_color_buffer_float') !== null;
  const most = Math.min(
    Number(gl.getParameter(gl.MAX_DRAW_BUFFERS)),
    Number(gl.getParameter(gl.MAX_COLOR_ATTACHMENTS)),
  );
  const possible = TEXTURE_FORMATS.filter(
    ({ format, layers }) => layers <= most && (format === 'RGBA16F' ? !isExact : single),
  );
  return possible.find(storage => canDraw(gl, storage)) ?? null;
}

/** Clears old errors, so that none is taken for the next call's. */
export function clearErrors(gl: WebGL2RenderingContext): void {
  while (gl.getError() !== gl.NO_ERROR && !gl.isContextLost());
}

function canDraw(gl: WebGL2RenderingContext, { format, layers }: TextureFormat): boolean {
  const numbers = Array.from({ length: layers }, (_, i) => i);
  const code = `#version 300 es
precision highp float;
${numbers.map(i => `layout(location = ${i}) out vec4 target_${i};`).join('\n')}
void main() {
${numbers.map(i => `  target_${i} = vec4(${i + 1});`).join('\n')}
}`;
  const program = gl.createProgram();
  const shaders = [gl.createShader(gl.VERTEX_SHADER), gl.createShader(gl.FRAGMENT_SHADER)] as const;
  const texture = gl.createTexture();
  const framebuffer = gl.createFramebuffer();
  clearErrors(gl);
  for (const [i, shader] of shaders.entries()) {
    if (!shader) return false;
    gl.shaderSource(shader, i === 0 ? triangle : code);
    gl.compileShader(shader);
    gl.attachShader(program, shader);
    gl.deleteShader(shader);
  }
  gl.linkProgram(program);
  gl.useProgram(program);
  gl.bindTexture(gl.TEXTURE_2D_ARRAY, texture);
  gl.texStorage3D(gl.TEXTURE_2D_ARRAY, 1, gl[format], 1, 1, layers);
  gl.bindFramebuffer(gl.FRAMEBUFFER, framebuffer);
  const attachments = numbers.map(i => gl.COLOR_ATTACHMENT0 + i);
  attachments.forEach((attachment, i) => {
    gl.framebufferTextureLayer(gl.FRAMEBUFFER, attachment, texture, 0, i);
  });
  gl.drawBuffers(attachments);
  gl.viewport(0, 0, 1, 1);
  gl.drawArrays(gl.TRIANGLES, 0, 3);
  const pixel = new Float32Array(4);
  gl.readBuffer(gl.COLOR_ATTACHMENT0 + layers - 1);
  gl.readPixels(0, 0, 1, 1, gl.RGBA, gl.FLOAT, pixel);
  const drawn = gl.getError() === gl.NO_ERROR && pixel[0] === layers;
  gl.deleteProgram(program);
  gl.deleteFramebuffer(framebuffer);
  gl.deleteTexture(texture);
  return drawn;
}
