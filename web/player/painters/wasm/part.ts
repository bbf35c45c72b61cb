/** What is fetched only where the engine does not paint. */
export { createWasmPainter } from './painter.ts';
export { readWasmLook } from './wasm-look.ts';
