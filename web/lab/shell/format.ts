/** Numbers for people. */

/** Three digits: 0.0123, 12.3, 1.2e-5. */
export function formatNumber(value: number): string {
  if (!Number.isFinite(value)) return value > 0 ? '∞' : value < 0 ? '−∞' : '–';
  const size = Math.abs(value);
  if (size !== 0 && (size < 1e-3 || size >= 1e5))
    return value.toExponential(1).replace('e+', 'e').replace('-', '−');
  return String(Number(value.toPrecision(3))).replace('-', '−');
}

/** A number that a slider gives: so many digits that the address stays short. */
export const roundTo = (value: number, digits: number): number => Number(value.toPrecision(digits));

/** "1,234". (The browser's own way takes 20 ms when it is first used.) */
export const formatCount = (value: number): string => String(value).replace(/\B(?=(\d{3})+$)/g, ',');
