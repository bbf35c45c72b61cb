/** Pairs of numbers to learn from: read from the cars' file or from a table of one's own, or drawn by the page. */
import { normal, randomNumbers } from '../numbers/random.ts';

export interface PairTable {
  readonly name: string;
  readonly xName: string;
  readonly yName: string;
  readonly x: Float64Array;
  readonly y: Float64Array;
  /** Rows of the file that were left out, since one of the two numbers is missing. */
  readonly skipped: number;
}

/** The name of the table of cars. */
export const CARS = 'Cars';

/** Fewer are no task for a network. */
const MIN_ROWS = 3;

function makeTable(
  names: Pick<PairTable, 'name' | 'xName' | 'yName'>,
  rows: readonly (readonly [x: number | null, y: number | null])[],
): PairTable {
  const whole = rows.filter((row): row is [number, number] => row[0] !== null && row[1] !== null);
  if (whole.length < MIN_ROWS) {
    throw new Error(
      `${names.name} has ${whole.length} rows with both ${names.xName} and ${names.yName}; give at least ${MIN_ROWS}.`,
    );
  }
  return {
    ...names,
    x: Float64Array.from(whole, ([x]) => x),
    y: Float64Array.from(whole, ([, y]) => y),
    skipped: rows.length - whole.length,
  };
}

const finite = (value: unknown): number | null =>
  typeof value === 'number' && Number.isFinite(value) ? value : null;

/** The file of the cars (Ramos and Donoho 1983): rows without horsepower or miles are left out. */
export function readCars(text: string): PairTable {
  const rows: unknown = JSON.parse(text);
  if (!Array.isArray(rows)) throw new Error('The file of the cars is no list of cars.');
  const pairs = rows.map((row: { Horsepower?: unknown; Miles_per_Gallon?: unknown } | null) => {
    return [finite(row?.Horsepower), finite(row?.Miles_per_Gallon)] as const;
  });
  return makeTable({ name: CARS, xName: 'horsepower', yName: 'miles per gallon' }, pairs);
}

/** A table of one's own, with commas, semicolons or tabs: its first two columns of numbers. A first row without numbers
 * names them. */
export function readCsv(text: string, name: string): PairTable {
  const lines = text
    .replace(/^\uFEFF/, '')
    .split(/\r?\n/)
    .filter(line => line.trim() !== '');
  const separator = ['\t', ';', ','].find(one => lines[0]?.includes(one)) ?? ',';
  const cells = lines.map(line => splitLine(line, separator));
  const head = cells[0] ?? [];
  const isNamed = head.every(cell => readCell(cell, separator) === null);
  const rows = isNamed ? cells.slice(1) : cells;
  const isNumeric = (column: number) => {
    const filled = rows.map(row => row[column] ?? '').filter(cell => cell !== '');
    return (
      filled.length > 0 &&
      filled.filter(cell => readCell(cell, separator) !== null).length > filled.length / 2
    );
  };
  const [x, y] = head.map((_, column) => column).filter(isNumeric);
  if (x === undefined || y === undefined) {
    throw new Error(
      `${name} has no two columns of numbers; give a table whose first two such columns are x and y.`,
    );
  }
  const names = { name, xName: isNamed ? (head[x] ?? 'x') : 'x', yName: isNamed ? (head[y] ?? 'y') : 'y' };
  return makeTable(
    names,
    rows.map(row => [readCell(row[x] ?? '', separator), readCell(row[y] ?? '', separator)]),
  );
}

/** Quoted cells may have separators. */
function splitLine(line: string, separator: string): string[] {
  const cells: string[] = [];
  let cell = '';
  let isQuoted = false;
  for (const letter of line) {
    if (letter === '"') isQuoted = !isQuoted;
    else if (letter === separator && !isQuoted) {
      cells.push(cell.trim());
      cell = '';
    } else cell += letter;
  }
  return [...cells, cell.trim()];
}

/** Where commas do not part the cells, they may be those of decimals. */
function readCell(cell: string, separator: string): number | null {
  const value = Number(separator === ',' ? cell : cell.replace(',', '.'));
  return cell === '' || !Number.isFinite(value) ? null : value;
}

/** Points that the page draws, until there are others: a bent cloud, as that of the cars is. */
export function drawTable(seed = 1, count = 80): PairTable {
  const random = randomNumbers(seed, 4711);
  const x = Float64Array.from({ length: count }, () => 45 + 185 * random() ** 1.4);
  const y = x.map(one => Math.max(8, 5 + 2400 / (one + 20) + 2.6 * normal(random)));
  return { name: 'Drawn points', xName: 'x', yName: 'y', x, y, skipped: 0 };
}

/** The table with one more row. */
export const withPoint = (table: PairTable, x: number, y: number): PairTable => ({
  ...table,
  x: Float64Array.of(...table.x, x),
  y: Float64Array.of(...table.y, y),
});

/** A column brought to 0..1 by its least and its most, as the network is shown it. */
export interface Range {
  readonly least: number;
  readonly most: number;
}

export function rangeOf(values: Float64Array): Range {
  let [least, most] = [Infinity, -Infinity];
  for (const value of values) {
    least = Math.min(least, value);
    most = Math.max(most, value);
  }
  return { least, most: most > least ? most : least + 1 };
}

export const toUnit = ({ least, most }: Range, value: number): number => (value - least) / (most - least);
export const fromUnit = ({ least, most }: Range, part: number): number => least + part * (most - least);
