// What the tests use of synaptic.js, which has no types of its own.

declare module 'synaptic' {
  type Squash = (x: number, derivate?: boolean) => number;
  interface SynapticNeuron {
    bias: number;
    readonly connections: {
      readonly inputs: Readonly<Record<string, { weight: number; readonly from: SynapticNeuron }>>;
    };
  }
  interface SynapticLayer {
    readonly list: readonly SynapticNeuron[];
    set(options: { squash: Squash }): void;
  }
  interface SynapticNetwork {
    readonly layers: { readonly hidden: readonly SynapticLayer[]; readonly output: SynapticLayer };
    activate(input: readonly number[]): number[];
    propagate(rate: number, target: readonly number[]): void;
    restore(): void;
  }
  const synaptic: {
    readonly Architect: { readonly Perceptron: new (...sizes: number[]) => SynapticNetwork };
    readonly Neuron: {
      readonly squash: Readonly<Record<'LOGISTIC' | 'TANH' | 'RELU' | 'HLIM' | 'IDENTITY', Squash>>;
    };
  };
  export default synaptic;
}
