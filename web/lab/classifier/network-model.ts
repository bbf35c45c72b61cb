/** The model of a classifier's network: built here, or read from a file that `limner lab` trained. */
import { initialize, type OnnxModel, readModel } from '../../engine/training/index.ts';
import { dataFiles, fetchData } from '../data/files.ts';
import {
  buildClassifier,
  type ExampleDims,
  isBuilt,
  NET_NAMES,
  type NetName,
} from '../network/classifiers.ts';
import { learnedNames } from '../network/weights.ts';
import type { ClassifierSettings } from './settings.ts';

/** The metadata that `limner lab` writes. */
const ABOUT = 'limner.lab';

const fileOf = (task: string, net: NetName): string => `starts/${task}-${net}.onnx`;

/** The networks of a task that lie beside the page, trained. */
export async function trainedNets(task: string): Promise<readonly NetName[]> {
  const files = await dataFiles();
  return NET_NAMES.filter(net => files.includes(fileOf(task, net)));
}

export interface ModelOptions {
  readonly task: string;
  /** What it learns from, as a saved file tells it. */
  readonly data: string;
  readonly dims: ExampleDims;
  readonly classes: number;
  /** Tells what could not be done as the settings say. */
  readonly say: (text: string) => void;
}

/** The network that the settings name, trained or as it begins; where its file is not there or does not fit the examples,
 * one that is built and begins from nothing. */
export async function makeModel(
  { values: { net, units, start, seed } }: ClassifierSettings,
  { task, data, dims, classes, say }: ModelOptions,
): Promise<OnnxModel> {
  if (start === 'trained' || !isBuilt(net)) {
    const file = await fetchData(fileOf(task, net));
    const found = file && withData(readModel(new Uint8Array(await file.arrayBuffer())), data);
    if (found && fits(found, dims, classes)) {
      if (start === 'trained') return found;
      return initialize(found, { seed, parameters: learnedNames(found) });
    }
    const missing = found
      ? 'The trained network is for other examples'
      : 'No file of this network lies beside the page';
    say(`${missing}: ${isBuilt(net) ? 'it' : 'LeNet'} begins from nothing.`);
  }
  // Rows of features have no neighbours for a convolution to look at.
  const fitting = dims.length === 3 ? (isBuilt(net) ? net : 'lenet') : net === 'perceptron' ? net : 'linear';
  return initialize(buildClassifier({ net: fitting, units }, dims, classes), { seed });
}

/** The file's metadata tells what it learned from; it learns from this now. */
function withData(model: OnnxModel, data: string): OnnxModel {
  const about = JSON.parse(model.metadata.get(ABOUT) ?? '{}') as Record<string, unknown>;
  return { ...model, metadata: new Map([...model.metadata, [ABOUT, JSON.stringify({ ...about, data })]]) };
}

const fits = (
  { inputs: [input], outputs: [output] }: OnnxModel,
  dims: ExampleDims,
  classes: number,
): boolean => String(input?.dims?.slice(1)) === String(dims) && output?.dims?.[1] === classes;
