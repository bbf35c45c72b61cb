/** The pictures that lie beside the page, where whoever serves it has fetched them. */
import type { Task } from './examples.ts';
import { dataFiles, fetchData } from './files.ts';
import { type IdxArray, readIdx, taskOfIdx } from './idx.ts';

export type PictureSet = 'mnist' | 'cifar10';

export const hasPictures = async (name: PictureSet): Promise<boolean> =>
  (await dataFiles()).includes(`${name}/${name}.json`);

interface About {
  readonly title: string;
  readonly note: string;
  readonly licence: string;
  readonly citation: string;
  readonly classes: readonly string[];
  readonly files: Readonly<Record<string, string>>;
}

/** The set, or null where it is not there. */
export async function fetchPictures(name: PictureSet): Promise<Task | null> {
  const response = await fetchData(`${name}/${name}.json`);
  if (!response) return null;
  const about = (await response.json()) as About;
  const arrays = await Promise.all(
    Object.values(about.files).map(async (file): Promise<IdxArray | null> => {
      const found = await fetchData(`${name}/${file}`);
      return found && readIdx(await found.blob(), file);
    }),
  );
  const whole = arrays.filter(array => array !== null);
  const task = taskOfIdx(whole, about.title, about.classes);
  return {
    ...task,
    note: [about.licence && `licence: ${about.licence}`, about.citation].filter(Boolean).join(' · '),
  };
}
