/** The network as an ONNX file. */
import { createTrainer, sgd } from '../../engine/training/index.ts';
import type { Scene } from './draw-protocol.ts';
import { buildModel, namesOf, outputLayer } from './network.ts';

/** A file that takes places of any number. */
export async function saveNetwork({ network, weights }: Scene): Promise<Uint8Array> {
  const trainer = await createTrainer(buildModel(network, weights, 'height', 'width'), {
    loss: 'mse',
    optimizer: sgd(),
    learningRate: 0,
    parameters: namesOf(outputLayer(network)),
    dims: { height: 8, width: 8 },
    backend: 'cpu',
  });
  const bytes = await trainer.save();
  trainer.destroy();
  return bytes;
}
