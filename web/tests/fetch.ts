// Fetches files of the test cases.

export const fetchBytes = async (file: string): Promise<Uint8Array<ArrayBuffer>> =>
  new Uint8Array(await (await fetch(`/${file}`)).arrayBuffer());

export const fetchFloats = async (file: string): Promise<Float32Array> =>
  new Float32Array((await fetchBytes(file)).buffer);
