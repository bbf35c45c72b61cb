/** What the user agent's text says of the browser and its system. */

/** The browser's name and version: the last one in the text, as the others are there for compatibility. */
export function browserName(userAgent: string): string {
  const pattern = /(Firefox|Edg|OPR|(?:Headless)?Chrome|Version)\/([\d.]+)/g;
  const names = [...userAgent.matchAll(pattern)].map(([, name = '', version = '']) => {
    return `${name === 'Version' ? 'Safari' : name} ${version}`;
  });
  return names.at(-1) ?? userAgent;
}

export const systemName = (userAgent: string): string => /\(([^)]*)\)/.exec(userAgent)?.[1] ?? userAgent;
