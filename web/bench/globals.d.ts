// Versions, put in by vite.bench.config.ts: of limner, and of libraries that do not tell theirs.
declare const __LIMNER__: string;
declare const __LITERT__: string;
declare const __JAX__: string;
