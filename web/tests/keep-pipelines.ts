// Keeps every pipeline for as long as its device: software GPUs compile a shader again once nobody holds its pipeline, and most
// of the tests' time goes there. Tests that use one device then compile each text once.

const kept = new WeakMap<GPUDevice, GPUComputePipeline[]>();

function keep(device: GPUDevice, pipeline: GPUComputePipeline): GPUComputePipeline {
  const all = kept.get(device) ?? [];
  all.push(pipeline);
  kept.set(device, all);
  return pipeline;
}

const { createComputePipeline, createComputePipelineAsync } = GPUDevice.prototype;

GPUDevice.prototype.createComputePipeline = function (descriptor) {
  return keep(this, createComputePipeline.call(this, descriptor));
};

GPUDevice.prototype.createComputePipelineAsync = async function (descriptor) {
  return keep(this, await createComputePipelineAsync.call(this, descriptor));
};
