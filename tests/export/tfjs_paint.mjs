// Loads a graph model by its address, as a page does, in TensorFlow.js' own runtime on the CPU, and writes its
// outputs. Arguments: address of model.json, file of inputs, file for outputs; both files hold JSON.

import { readFileSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';

const require = createRequire(new URL('../../web/package.json', import.meta.url));
const tf = require('@tensorflow/tfjs-core');
require('@tensorflow/tfjs-backend-cpu');
const { loadGraphModel } = require('@tensorflow/tfjs-converter');

const [address, inputsFile, outputsFile] = process.argv.slice(2);
await tf.setBackend('cpu');
const model = await loadGraphModel(address);
const { image, pixels, live, outputs } = JSON.parse(readFileSync(inputsFile, 'utf8'));
const picture = tf.tensor(image, [1, pixels, pixels, 3]);
const feed = { [model.inputs[0].name]: picture };
for (const [name, value] of Object.entries(live)) feed[name] = tf.scalar(value);

const weights = {};
for (const [name, [tensor]] of Object.entries(model.weights)) weights[name] = [...tensor.dataSync()];
const values = tensor => [...tensor.dataSync()];
const predicted = values(model.predict(picture));
const before = tf.memory().numTensors;
const again = model.predict(picture);
const kept = tf.memory().numTensors - before;
const executed = model.execute(feed, outputs);
const result = {
  predicted,
  again: values(again),
  kept,
  outputs: [executed].flat().map(values),
  weights,
  metadata: model.metadata,
};
writeFileSync(outputsFile, JSON.stringify(result));
