/** The pairs that Line and Descent learn from: the cars, if their file lies beside the page, else drawn points. */
import { errorMessage } from '../../shared/errors.ts';
import { fetchData } from './files.ts';
import { drawTable, type PairTable, readCars } from './table.ts';

let cars: Promise<PairTable | null> | null = null;

/** Null where whoever serves the page has not fetched them. */
export function fetchCars(): Promise<PairTable | null> {
  cars ??= fetchData('cars/cars.json').then(async response =>
    response ? readCars(await response.text()) : null,
  );
  // Another try may go better.
  cars.catch(() => {
    cars = null;
  });
  return cars;
}

/** `say` tells why points are drawn, where the cars should be there. */
export async function fetchCarsOrDrawn(say: (sentence: string) => void): Promise<PairTable> {
  try {
    return (await fetchCars()) ?? drawTable();
  } catch (error) {
    say(`Points are drawn in the place of the cars. ${errorMessage(error)}`);
    return drawTable();
  }
}
