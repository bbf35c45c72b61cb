/** limner's version, put in by vite.bench.config.ts. */
declare const __LIMNER__: string;
