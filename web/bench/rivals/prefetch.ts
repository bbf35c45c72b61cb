// Files that a library fetches by itself while it starts, brought into the browser's cache beforehand.

export async function fetchAll(addresses: readonly string[]): Promise<void> {
  await Promise.all(
    addresses.map(async address => {
      const response = await fetch(address);
      if (!response.ok) throw new Error(`${address} could not be fetched (status ${response.status})`);
      await response.arrayBuffer();
    }),
  );
}
