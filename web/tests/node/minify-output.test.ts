import type { Plugin } from 'vite';
import { expect, it } from 'vitest';
import { minifyOutput } from '../../build/minify-output.ts';

/** Runs the plugin on a bundle of one script and one page, and returns both. */
async function minified(code: string, html = ''): Promise<{ code: string; html: string }> {
  const { generateBundle } = minifyOutput() as Plugin & {
    generateBundle: { handler: (this: object, options: object, bundle: object) => Promise<void> };
  };
  const script = { type: 'chunk', fileName: 'a.js', code };
  const page = { type: 'asset', fileName: 'index.html', source: html };
  const context = {
    error: (message: string) => {
      throw new Error(message);
    },
  };
  await generateBundle.handler.call(context, {}, { script, page });
  return { code: script.code, html: page.source };
}

const CALL = 'load(() => import("./b.js"), [], import.meta.url);';

it('cuts what the helper around import() does not read', async () => {
  expect((await minified(CALL)).code).toBe('load(()=>import("./b.js"));');
});

it('fails where Vite writes these calls in another way', async () => {
  await expect(minified('load(() => import("./b.js"), void 0);')).rejects.toThrow('HELPER_ARGUMENTS');
});

it('writes a page without quotes that it does not need', async () => {
  const html = '<p id="a" class="b c">\n  <path d="M1 2"/>\n  <a href="./a.js" crossorigin>x</a>\n</p>';
  expect((await minified(CALL, html)).html).toBe(
    '<p id=a class="b c"><path d="M1 2"/><a href=./a.js>x</a></p>',
  );
});
