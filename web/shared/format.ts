/** A file's size for people: "0.9 MB", "12 kB". */
export function formatFileSize(bytes: number): string {
  if (bytes < 95_000) return `${Math.max(1, Math.round(bytes / 1e3))} kB`;
  const value = bytes / 1e6;
  return `${value.toFixed(value < 10 ? 1 : 0)} MB`;
}
