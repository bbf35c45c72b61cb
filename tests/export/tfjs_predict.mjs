// Loads graph models by their addresses in TensorFlow.js' own runtime on the CPU, and writes what they
// predict. Arguments: address of model.json, file of the input, file for outputs; both files hold JSON.

import { readFileSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';

const require = createRequire(new URL('../../web/package.json', import.meta.url));
const tf = require('@tensorflow/tfjs-core');
require('@tensorflow/tfjs-backend-cpu');
const { loadGraphModel } = require('@tensorflow/tfjs-converter');

const [address, inputFile, outputsFile] = process.argv.slice(2);
await tf.setBackend('cpu');
const model = await loadGraphModel(address);
const { values, shape } = JSON.parse(readFileSync(inputFile, 'utf8'));
const predicted = [model.predict(tf.tensor(values, shape))].flat();
const outputs = predicted.map(tensor => ({ shape: tensor.shape, values: [...tensor.dataSync()] }));
writeFileSync(outputsFile, JSON.stringify(outputs));
