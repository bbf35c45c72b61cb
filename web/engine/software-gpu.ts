// Names of software rasterizers. WASM is several times faster than each of them.

const NAMES = /swiftshader|llvmpipe|lavapipe|softpipe|warp|basic render|software/i;

export const isSoftwareName = (name: string): boolean => NAMES.test(name);
