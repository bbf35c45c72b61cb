/** The pairs that Line and Descent learn from: the cars, if their file lies beside the page, else drawn points. */
import { fetchData } from './files.ts';
import { drawTable, type PairTable, readCars } from './table.ts';

let cars: Promise<PairTable | null> | null = null;

/** Null where whoever serves the page has not fetched them. */
export function fetchCars(): Promise<PairTable | null> {
  cars ??= fetchData('cars/cars.json').then(async response =>
    response ? readCars(await response.text()) : null,
  );
  return cars;
}

export const fetchCarsOrDrawn = async (): Promise<PairTable> =>
  (await fetchCars().catch(() => null)) ?? drawTable();
