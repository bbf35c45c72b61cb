/** Minifies shaders: removes comments, indentation and spaces. */
import { readFileSync } from 'node:fs';
import type { Plugin } from 'vite';

const SHADER = /\.(wgsl|glsl)\?raw$/;

export function minifyShaders(): Plugin {
  return {
    name: 'limner-shaders',
    enforce: 'pre',
    load(id) {
      if (!SHADER.test(id)) return null;
      const text = readFileSync(id.replace(/\?raw$/, ''), 'utf8');
      return { code: `export default ${JSON.stringify(stripComments(text))};`, moduleType: 'js' };
    },
  };
}

function stripComments(text: string): string {
  const lines = text.split('\n').map(line => stripSpaces(line.replace(/\/\/.*/, '').trim()));
  return lines.filter(line => line !== '').join('\n');
}

/** Removes spaces that separate no words. Preprocessor lines stay unchanged. */
const stripSpaces = (line: string): string =>
  line.startsWith('#') ? line : line.replace(/ ?([,;:{}()]) ?| ([=+*<>?]|[=!<>]=|&&|\|\|) /g, '$1$2');
