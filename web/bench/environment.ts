// The environment of a run, as far as a page can tell: browser, GPU, cores.

import type { Environment } from './results.ts';
import type { Plan } from './rounds.ts';

export async function collectEnvironment(
  { rounds, seconds, burst }: Plan,
  video: Environment['video'],
): Promise<Environment> {
  return {
    time: new Date().toISOString(),
    browser: browserName(),
    system: /\(([^)]*)\)/.exec(navigator.userAgent)?.[1] ?? navigator.userAgent,
    adapter: { webgpu: await webgpuAdapter(), webgl: webglRenderer() },
    isolated: crossOriginIsolated,
    cores: navigator.hardwareConcurrency,
    video,
    plan: { rounds, seconds, burst },
  };
}

/** The browser's name and version: the last one in the user agent, as the others are there for compatibility. */
function browserName(): string {
  const pattern = /(Firefox|Edg|OPR|(?:Headless)?Chrome|Version)\/([\d.]+)/g;
  const names = [...navigator.userAgent.matchAll(pattern)].map(([, name = '', version = '']) => {
    return `${name === 'Version' ? 'Safari' : name} ${version}`;
  });
  return names.at(-1) ?? navigator.userAgent;
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
