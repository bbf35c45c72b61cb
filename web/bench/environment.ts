// The environment of a run, as far as a page can tell: browser, GPU, cores.

import { browserName, systemName } from '../shared/browser.ts';
import type { Environment } from './results.ts';
import type { Plan } from './rounds.ts';

export async function collectEnvironment(
  { rounds, seconds, burst }: Plan,
  video: Environment['video'],
): Promise<Environment> {
  return {
    time: new Date().toISOString(),
    browser: browserName(navigator.userAgent),
    system: systemName(navigator.userAgent),
    adapter: { webgpu: await webgpuAdapter(), webgl: webglRenderer() },
    isolated: crossOriginIsolated,
    cores: navigator.hardwareConcurrency,
    video,
    plan: { rounds, seconds, burst },
  };
}

async function webgpuAdapter(): Promise<string> {
  const adapter = await navigator.gpu?.requestAdapter();
  if (!adapter) return 'none';
  const { vendor, architecture, description } = adapter.info;
  const float16 = adapter.features.has('shader-f16') ? ', with float16' : ', without float16';
  return [vendor, architecture, description].filter(Boolean).join(' ') + float16;
}

function webglRenderer(): string {
  const gl = new OffscreenCanvas(1, 1).getContext('webgl2');
  if (!gl) return 'none';
  const extension = gl.getExtension('WEBGL_debug_renderer_info');
  const name: unknown = gl.getParameter(extension ? extension.UNMASKED_RENDERER_WEBGL : gl.RENDERER);
  gl.getExtension('WEBGL_lose_context')?.loseContext();
  return String(name);
}
