/** Shaders go into the page without their comments and indentation, which only people read. */
import { readFileSync } from 'node:fs';
import type { Plugin } from 'vite';

const SHADER = /\.(wgsl|glsl)\?raw$/;

export function shaders(): Plugin {
  return {
    name: 'limner-shaders',
    enforce: 'pre',
    apply: 'build',
    load(id) {
      if (!SHADER.test(id)) return null;
      const text = readFileSync(id.replace(/\?raw$/, ''), 'utf8');
      return { code: `export default ${JSON.stringify(withoutWords(text))};`, moduleType: 'js' };
    },
  };
}

function withoutWords(text: string): string {
  const lines = text.split('\n').map(line => line.replace(/\/\/.*/, '').trim());
  return lines.filter(line => line !== '').join('\n');
}
