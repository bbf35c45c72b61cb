// Where a run's figures come from, as far as a page can tell.

import type { Origin } from './results.ts';
import type { Plan } from './rounds.ts';

export async function originOf({ rounds, seconds, burst }: Plan, video: Origin['video']): Promise<Origin> {
  return {
    time: new Date().toISOString(),
    browser: browser(),
    system: /\(([^)]*)\)/.exec(navigator.userAgent)?.[1] ?? navigator.userAgent,
    adapter: { webgpu: await webgpu(), webgl: webgl() },
    isolated: crossOriginIsolated,
    cores: navigator.hardwareConcurrency,
    video,
    plan: { rounds, seconds, burst },
  };
}

/** The last name and version of the user agent that is not there for compatibility's sake alone. */
function browser(): string {
  const found = /(Firefox|Edg|OPR|(?:Headless)?Chrome|Version)\/([\d.]+)/g;
  const names = [...navigator.userAgent.matchAll(found)].map(([, name = '', version = '']) => {
    return `${name === 'Version' ? 'Safari' : name} ${version}`;
  });
  return names.at(-1) ?? navigator.userAgent;
}

async function webgpu(): Promise<string> {
  const adapter = await navigator.gpu?.requestAdapter();
  if (!adapter) return 'none';
  const { vendor, architecture, description } = adapter.info;
  const half = adapter.features.has('shader-f16') ? ', with float16' : ', without float16';
  return [vendor, architecture, description].filter(Boolean).join(' ') + half;
}

function webgl(): string {
  const gl = new OffscreenCanvas(1, 1).getContext('webgl2');
  if (!gl) return 'none';
  const named = gl.getExtension('WEBGL_debug_renderer_info');
  const name: unknown = gl.getParameter(named ? named.UNMASKED_RENDERER_WEBGL : gl.RENDERER);
  gl.getExtension('WEBGL_lose_context')?.loseContext();
  return String(name);
}
