// Loads a graph model as a page does, by its address, in TensorFlow.js' own runtime on the CPU, and writes what
// it computes. Arguments: address of model.json, file of inputs, file for outputs; both files hold JSON.

import { createRequire } from 'node:module'
import { readFileSync, writeFileSync } from 'node:fs'

const require = createRequire(new URL('../web/package.json', import.meta.url))
const tf = require('@tensorflow/tfjs-core')
require('@tensorflow/tfjs-backend-cpu')
const { loadGraphModel } = require('@tensorflow/tfjs-converter')

const [address, inputs, outputs] = process.argv.slice(2)
await tf.setBackend('cpu')
const model = await loadGraphModel(address)
const { image, pixels, live } = JSON.parse(readFileSync(inputs, 'utf8'))
const feed = { image: tf.tensor(image, [1, pixels, pixels, 3]) }
for (const [name, value] of Object.entries(live)) feed[name] = tf.scalar(value)

const weights = {}
for (const [name, [tensor]] of Object.entries(model.weights)) weights[name] = [...tensor.dataSync()]
const values = (tensor) => [...tensor.dataSync()]
const predicted = values(model.predict(feed.image))
const before = tf.memory().numTensors
const again = model.predict(feed.image)
const kept = tf.memory().numTensors - before
const [painting, guide] = model.execute(feed, ['painting', 'guide']).map(values)
const result = { predicted, again: values(again), kept, painting, guide, weights, metadata: model.metadata }
writeFileSync(outputs, JSON.stringify(result))
