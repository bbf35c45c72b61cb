// Versions that vite.bench.config.ts defines (the first one, vite.lab.config.ts too): limner's, and those of libraries that do not export theirs.
declare const __LIMNER__: string;
declare const __LITERT__: string;
declare const __JAX__: string;
