// Records the dispatches of a document: it wraps methods of WebGPU's prototypes before an engine is loaded.

/** Bytes of a texel, of the formats that engines keep values in. */
const TEXEL_BYTES = { r32float: 4, rgba8unorm: 4, rg32float: 8, rgba16float: 8, rgba32float: 16 };

/** Calls `after(owner, arguments, result)` after each call of the method. */
function wrapMethod({ prototype }, name, after) {
  const method = prototype[name];
  prototype[name] = function (...args) {
    const result = method.apply(this, args);
    after(this, args, result);
    return result;
  };
}

function textureBytes({ width, height, depthOrArrayLayers, format }) {
  const bytes = TEXEL_BYTES[format];
  if (!bytes) throw new Error(`The bytes of a texel of ${format} are not known.`);
  return width * height * depthOrArrayLayers * bytes;
}

/**
 * Returns a function that gives the dispatches so far, as {label, code, constants, workgroups, bytes}, and forgets
 * them. `bytes` has the size of each buffer and texture that is bound, in the order of the bindings.
 */
export function recordDispatches() {
  let dispatches = [];
  const codes = new WeakMap();
  const kernels = new WeakMap();
  const textures = new WeakMap();
  const groups = new WeakMap();
  const passes = new WeakMap();
  const passOf = pass => passes.get(pass) ?? passes.set(pass, { groups: [] }).get(pass);
  const resourceBytes = ({ resource }) => {
    if (resource instanceof GPUBuffer) return resource.size;
    if (resource instanceof GPUTextureView) return textureBytes(textures.get(resource));
    return resource.size ?? resource.buffer.size - (resource.offset ?? 0);
  };
  const keepKernel = (pipeline, { label = '', compute: { module, constants } }) =>
    kernels.set(pipeline, { label, code: codes.get(module), constants: constants ?? {} });
  wrapMethod(GPUDevice, 'createShaderModule', (_, [{ code }], module) => codes.set(module, code));
  wrapMethod(GPUDevice, 'createComputePipeline', (_, [descriptor], pipeline) =>
    keepKernel(pipeline, descriptor),
  );
  wrapMethod(GPUDevice, 'createComputePipelineAsync', (_, [descriptor], promise) =>
    promise.then(pipeline => keepKernel(pipeline, descriptor)),
  );
  wrapMethod(GPUTexture, 'createView', (texture, _, view) => textures.set(view, texture));
  wrapMethod(GPUDevice, 'createBindGroup', (_, [{ entries }], group) =>
    groups.set(group, entries.map(resourceBytes)),
  );
  wrapMethod(GPUComputePassEncoder, 'setPipeline', (pass, [pipeline]) => {
    passOf(pass).kernel = kernels.get(pipeline);
  });
  wrapMethod(GPUComputePassEncoder, 'setBindGroup', (pass, [index, group]) => {
    passOf(pass).groups[index] = groups.get(group);
  });
  wrapMethod(GPUComputePassEncoder, 'dispatchWorkgroups', (pass, [x, y = 1, z = 1]) => {
    const { kernel, groups } = passOf(pass);
    dispatches.push({ ...kernel, workgroups: x * y * z, bytes: groups.flat() });
  });
  wrapMethod(GPUComputePassEncoder, 'dispatchWorkgroupsIndirect', () => {
    throw new Error('Workgroups of an indirect dispatch are not known.');
  });
  return () => {
    const recorded = dispatches;
    dispatches = [];
    return recorded;
  };
}
