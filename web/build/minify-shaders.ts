/** Shaders go into the page without their comments, indentation and spaces, which only people read. */
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

/** Spaces that part no words; lines for the preprocessor stay as they are. */
const stripSpaces = (line: string): string =>
  line.startsWith('#') ? line : line.replace(/ ?([,;:{}()]) ?| ([=+*<>?]|[=!<>]=|&&|\|\|) /g, '$1$2');
