/** Minifies the output of the build once more: a second minifier finds what the first one leaves. The HTML loses its
 * line breaks, quotes that it does not need, and `crossorigin`: that changes nothing for files of the same site, but
 * without it a page from a folder or in a sandbox keeps its style sheet. */
import { minify } from 'terser';
import type { Plugin } from 'vite';

/** What Vite hands to the helper around `import()`, and ours does not read. The page has such calls, so where none is
 * found, Vite writes them in another way. */
const HELPER_ARGUMENTS = /,(\[\],import\.meta\.url|import\.meta)(?=\))/g;
/** What Vite makes of `const { name } = await import(…)`, so that the bundler keeps no other export of that file. */
const WRAPPED_IMPORT =
  /async\(\)=>\{let(\{\w+:\w+\})=await[ (](import\("[^"]+"\)(\.then\(\w=>\w\.\w\))?)\)?;return\1\}/g;

/** What a file may export by, and no variable may have as its name. */
const RESERVED = /^(default|do|for|if|in|let|new|try|var)$/;

/** Names for what a file exports and imports: those that other files know. A list says `a` then, not `x as a`. What two
 * files export by one name has it once, exports first. */
function sharedNames(code: string): Record<string, string> {
  const names: Record<string, string> = {};
  const taken = new Set<string>();
  for (const kind of ['export', 'import']) {
    for (const [, list = ''] of code.matchAll(new RegExp(`\\b${kind}\\s*\\{([^}]*)\\}`, 'g'))) {
      for (const part of list.split(',')) {
        const [first = '', second = first] = part.trim().split(/\s+as\s+/);
        const [own, shared] = kind === 'export' ? [first, second] : [second, first];
        // Terser's names begin with a dollar sign.
        if (own === '' || RESERVED.test(shared) || taken.has(shared) || names[`$${own}`]) continue;
        taken.add(shared);
        names[`$${own}`] = shared;
      }
    }
  }
  return names;
}

export function minifyOutput(): Plugin {
  return {
    name: 'limner-smaller',
    enforce: 'post',
    generateBundle: {
      order: 'post', // after Vite has completed the calls of the helper
      async handler(_, bundle) {
        let isFound = false;
        for (const file of Object.values(bundle)) {
          if (file.fileName.endsWith('.html') && file.type === 'asset') {
            file.source = String(file.source)
              .replace(/\n\s+/g, '\n')
              .replaceAll('>\n<', '><')
              .replace(/="([\w#.:/-]+)"(?=[\s>])/g, '=$1')
              .replaceAll(' crossorigin', '');
          }
          if (file.type !== 'chunk') continue;
          const { code } = await minify(file.code, {
            nameCache: { vars: { props: sharedNames(file.code) } },
            ecma: 2020,
            module: true,
            compress: { passes: 4, pure_getters: true, unsafe_arrows: true },
          });
          if (!code) continue;
          isFound ||= code.search(HELPER_ARGUMENTS) >= 0;
          file.code = code.replace(HELPER_ARGUMENTS, '').replace(WRAPPED_IMPORT, '()=>$2');
        }
        if (!isFound) this.error(`No call ends with “${HELPER_ARGUMENTS}”: see HELPER_ARGUMENTS.`);
      },
    },
  };
}
