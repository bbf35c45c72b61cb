/** Minifies the output of the build once more: a second minifier finds what the first one leaves. The HTML loses
 * its indentation. */
import { minify } from 'terser';
import type { Plugin } from 'vite';

export function minifyOutput(): Plugin {
  return {
    name: 'limner-smaller',
    enforce: 'post',
    async generateBundle(_, bundle) {
      for (const file of Object.values(bundle)) {
        if (file.fileName.endsWith('.html') && file.type === 'asset') {
          file.source = String(file.source).replace(/\n\s+/g, '\n');
        }
        if (file.type !== 'chunk') continue;
        const { code } = await minify(file.code, {
          ecma: 2020,
          module: true,
          compress: { passes: 4, pure_getters: true, unsafe_arrows: true },
        });
        if (code) file.code = code;
      }
    },
  };
}
