/** Minifies shaders: removes comments, indentation, spaces and line breaks. Of the parts of shaders that are texts in
 * scripts, it removes the indentation. */
import { readFileSync } from 'node:fs';
import type { Plugin } from 'vite';

const SHADER = /\.(wgsl|glsl)\?raw$/;
const SCRIPT = /\/engine\/(codegen|webgpu\/kernels|webgl2\/draws)\/[\w-]+\.ts$/;

export function minifyShaders(): Plugin {
  return {
    name: 'limner-shaders',
    enforce: 'pre',
    load(id) {
      if (!SHADER.test(id)) return null;
      const text = readFileSync(id.replace(/\?raw$/, ''), 'utf8');
      return { code: `export default ${JSON.stringify(stripComments(text))};`, moduleType: 'js' };
    },
    transform: (code, id) =>
      SCRIPT.test(id) ? { code: code.replace(/(\n|\\n) +/g, '$1'), map: null } : null,
  };
}

function stripComments(text: string): string {
  const lines = text.split('\n').map(line => stripSpaces(line.replace(/\/\/.*/, '').trim()));
  return lines
    .filter(line => line !== '')
    .reduce((all, line) => all + (isJoint(all, line) ? '' : '\n') + line);
}

/** Whether two lines need nothing between them: not two words, and no line of the preprocessor. */
const isJoint = (before: string, after: string): boolean =>
  !/#[^\n]*$/.test(before) && !after.startsWith('#') && !(/\w$/.test(before) && /^\w/.test(after));

/** Removes spaces that separate no words. Preprocessor lines stay unchanged. */
const stripSpaces = (line: string): string =>
  line.startsWith('#')
    ? line
    : line
        .replace(/ ([=+*/%&|<>?]|[-+*/=!<>]=|->|-(?! -)|&&|\|\||<<|>>) /g, '$1')
        .replace(/ ?([,;:{}()]) ?/g, '$1');
