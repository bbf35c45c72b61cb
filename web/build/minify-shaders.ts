/** Shaders go into the page without their comments, indentation and spaces, which only people read. */
import { readFileSync } from 'node:fs';
import type { Plugin } from 'vite';

const SHADER = /\.(wgsl|glsl)\?raw$/;

export function shaders(): Plugin {
  return {
    name: 'limner-shaders',
    enforce: 'pre',
    load(id) {
      if (!SHADER.test(id)) return null;
      const text = readFileSync(id.replace(/\?raw$/, ''), 'utf8');
      return { code: `export default ${JSON.stringify(withoutWords(text))};`, moduleType: 'js' };
    },
  };
}

function withoutWords(text: string): string {
  const lines = text.split('\n').map(line => tight(line.replace(/\/\/.*/, '').trim()));
  return lines.filter(line => line !== '').join('\n');
}

/** Spaces that part no words; lines for the preprocessor stay as they are. */
const tight = (line: string): string =>
  line.startsWith('#') ? line : line.replace(/ ?([,;:{}()]) ?| ([=+*<>?]|[=!<>]=|&&|\|\|) /g, '$1$2');
