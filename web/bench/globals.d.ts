// Versions that vite.bench.config.ts defines: limner's, and those of libraries that do not export theirs.
declare const __LIMNER__: string;
declare const __LITERT__: string;
declare const __JAX__: string;
