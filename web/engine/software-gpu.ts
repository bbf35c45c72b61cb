// Whether a GPU is one. Names by which software rasterisers go; on all of them WASM is several times faster.

const NAMES = /swiftshader|llvmpipe|lavapipe|softpipe|warp|basic render|software/i;

export const isSoftwareName = (name: string): boolean => NAMES.test(name);
