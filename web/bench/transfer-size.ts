// The size of a rival's files, raw and gzipped, as any static host would send them.

export interface TransferSize {
  readonly bytes: number;
  readonly gzip: number;
}

export async function measureTransferSize(urls: readonly string[]): Promise<TransferSize> {
  let bytes = 0;
  let gzip = 0;
  for (const url of urls) {
    const response = await fetch(url);
    if (!response.ok) throw new Error(`${url} could not be fetched (status ${response.status}).`);
    const file = await response.blob();
    const compressed = file.stream().pipeThrough(new CompressionStream('gzip'));
    bytes += file.size;
    gzip += (await new Response(compressed).blob()).size;
  }
  return { bytes, gzip };
}
