// What a rival's files weigh, as they are and by gzip, as any static host would send them.

export interface Weight {
  readonly bytes: number;
  readonly gzip: number;
}

export async function weigh(addresses: readonly string[]): Promise<Weight> {
  let bytes = 0;
  let gzip = 0;
  for (const address of addresses) {
    const response = await fetch(address);
    if (!response.ok) throw new Error(`${address} could not be weighed (status ${response.status}).`);
    const file = await response.blob();
    const packed = file.stream().pipeThrough(new CompressionStream('gzip'));
    bytes += file.size;
    gzip += (await new Response(packed).blob()).size;
  }
  return { bytes, gzip };
}
