// Fetches files into the browser's cache that a library fetches by itself when it starts.

export async function prefetch(urls: readonly string[]): Promise<void> {
  await Promise.all(
    urls.map(async url => {
      const response = await fetch(url);
      if (!response.ok) throw new Error(`${url} could not be fetched (status ${response.status})`);
      await response.arrayBuffer();
    }),
  );
}
