// Kernels that are no operations of a plan: what they bind is given.

export interface StateKernel {
  readonly pipeline: GPUComputePipeline;
  readonly group: GPUBindGroup;
  readonly workgroups: readonly [number, number, number];
}

/** Compiles in the background. The resources are bound in their order. */
export function prepareProgram(
  device: GPUDevice,
  label: string,
  code: string,
  resources: readonly GPUBindingResource[],
  workgroups: StateKernel['workgroups'],
): Promise<StateKernel> {
  const module = device.createShaderModule({ label, code });
  const compute = { module, entryPoint: 'main' };
  const compiled = device.createComputePipelineAsync({ label, layout: 'auto', compute });
  const made = compiled.then(pipeline => {
    const layout = pipeline.getBindGroupLayout(0);
    const entries = resources.map((resource, binding) => ({ binding, resource }));
    return { pipeline, group: device.createBindGroup({ label, layout, entries }), workgroups };
  });
  // Whoever awaits it sees the failure. If something else fails first, nobody does.
  made.catch(() => undefined);
  return made;
}
