// Tables to learn from: the cars with their gaps, and files of one's own.

import { describe, expect, test } from 'vitest';
import { drawTable, readCars, readCsv } from '../../../lab/data/table.ts';

const car = (horsepower: number | null, miles: number | null) => ({
  Name: 'a car',
  Horsepower: horsepower,
  Miles_per_Gallon: miles,
});

describe('the cars', () => {
  test('leave out rows without horsepower or miles', () => {
    const table = readCars(
      JSON.stringify([car(130, 18), car(null, 20), car(90, null), car(70, 30), car(60, 33)]),
    );
    expect([...table.x]).toEqual([130, 70, 60]);
    expect([...table.y]).toEqual([18, 30, 33]);
    expect(table.skipped).toBe(2);
  });

  test('are refused if there are none', () => {
    expect(() => readCars('{}')).toThrow('no list of cars');
    expect(() => readCars(JSON.stringify([car(null, 1)]))).toThrow('give at least 3');
  });
});

describe('a table of one’s own', () => {
  test('gives its first two columns of numbers, by their names', () => {
    const { xName, yName, x, y, skipped } = readCsv(
      '\uFEFFname,"size, in m",price\r\na,1,10\r\nb,2.5,\r\n"c, d",3,30\r\ne,4,-40\r\n',
      'own.csv',
    );
    expect([xName, yName, skipped]).toEqual(['size, in m', 'price', 1]);
    expect([...x]).toEqual([1, 3, 4]);
    expect([...y]).toEqual([10, 30, -40]);
  });

  test('may have semicolons with decimal commas, tabs, or no names', () => {
    expect([...readCsv('a;b\n1,5;2\n2,5;3\n3,5;4', 'x.csv').x]).toEqual([1.5, 2.5, 3.5]);
    expect([...readCsv('1\t2\n3\t4\n5\t6', 'x.tsv').y]).toEqual([2, 4, 6]);
  });

  test('is refused with a sentence if it has no two columns of numbers', () => {
    expect(() => readCsv('a,b\nx,1\ny,2\nz,3', 'own.csv')).toThrow('own.csv has no two columns of numbers');
    expect(() => readCsv('', 'own.csv')).toThrow('own.csv has no two columns');
  });
});

test('drawn points are the same for the same seed', () => {
  expect(drawTable(1)).toEqual(drawTable(1));
  expect(drawTable(2).x).not.toEqual(drawTable(1).x);
});
