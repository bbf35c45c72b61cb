// What the kernels of the test looks ask of a GPU, in every configuration, against what WebGPU promises: a phone with
// eight storage buffers a stage and 16 kB of workgroup memory compiles all that a desktop does.

import { readFileSync } from 'node:fs';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { EngineError } from '../../engine/error.ts';
import { readLook } from '../../engine/look.ts';
import type { ConvClass, KernelConfig } from '../../engine/webgpu/kernels/config.ts';
import { classOf, isTiledConv } from '../../engine/webgpu/kernels/conv-tiled.ts';
import { type FramePlan, type FrameStep, fuseFrame } from '../../engine/webgpu/kernels/frame-fusion.ts';
import { checkLimits, REQUIRED_LIMITS } from '../../engine/webgpu/runtime/device.ts';
import {
  compileStep,
  createFrameProgram,
  kernelsOfKind,
  prepareKernels,
} from '../../engine/webgpu/runtime/frame-program.ts';
import { BufferAllocator } from '../../engine/webgpu/runtime/memory.ts';
import { CONV_CLASSES } from '../../engine/webgpu/tuning/cache.ts';
import { GPU_CONFIG, SOFTWARE_CONFIG } from '../../engine/webgpu/tuning/defaults.ts';
import { neighbours } from '../../engine/webgpu/tuning/tuner.ts';
import { CACHE } from '../cases.ts';
import { near } from '../shapes.ts';

const looks = JSON.parse(readFileSync(`${CACHE}/looks.json`, 'utf8')) as { name: string }[];
const quads: KernelConfig = { ...SOFTWARE_CONFIG, hasQuads: true };
const CONFIGS: Record<string, KernelConfig> = {
  'software GPUs': SOFTWARE_CONFIG,
  'quads of threads': quads,
  GPUs: GPU_CONFIG,
  ...Object.fromEntries([0, 1, 2, 3].map(i => [`software GPUs, tried ${i}`, near(quads, i)])),
  ...Object.fromEntries([0, 1, 2, 3, 4, 5].map(i => [`GPUs, tried ${i}`, near(GPU_CONFIG, i)])),
};

interface Seen {
  layouts: GPUBindGroupLayoutDescriptor[];
  codes: string[];
}

/** As much of a device as making kernels takes; it records what it is asked for. */
function deviceOf(seen: Seen): GPUDevice {
  const buffer = ({ size }: GPUBufferDescriptor) => ({
    size,
    getMappedRange: () => new ArrayBuffer(size),
    unmap: () => undefined,
    destroy: () => undefined,
  });
  const made = {
    limits: { maxStorageBufferBindingSize: 2 ** 31, maxBufferSize: 2 ** 31 },
    queue: { writeBuffer: () => undefined },
    createBuffer: buffer,
    createBindGroup: () => ({}),
    createPipelineLayout: () => ({}),
    createComputePipelineAsync: async () => ({}),
    createComputePipeline: () => ({}),
    createBindGroupLayout: (descriptor: GPUBindGroupLayoutDescriptor) => {
      seen.layouts.push(descriptor);
      return {};
    },
    createShaderModule: ({ code }: GPUShaderModuleDescriptor) => {
      seen.codes.push(code);
      return {};
    },
  };
  return made as unknown as GPUDevice;
}

beforeEach(() => {
  vi.stubGlobal('GPUBufferUsage', { STORAGE: 128, COPY_SRC: 4, COPY_DST: 8, UNIFORM: 64 });
  vi.stubGlobal('GPUShaderStage', { COMPUTE: 4 });
});
afterEach(() => vi.unstubAllGlobals());

/** `A * B + 3` of whole numbers and of constants of the text. */
function numberOf(expression: string, code: string): number {
  const sum = (terms: string): number =>
    terms
      .split('+')
      .reduce(
        (total, term) => total + term.split('*').reduce((product, one) => product * factor(one.trim()), 1),
        0,
      );
  const factor = (name: string): number => {
    if (/^\d+u?$/.test(name)) return Number.parseInt(name, 10);
    const [, value] = new RegExp(`const ${name}(?:: \\w+)? = ([^;]+);`).exec(code) ?? [];
    if (value === undefined) throw new Error(`nothing gives ${name} a value`);
    return sum(value);
  };
  return sum(expression);
}

/** Of an element of an array: `Sum` has three numbers or four, and fills sixteen bytes. */
const BYTES: Record<string, number> = { f32: 4, i32: 4, u32: 4, vec4f: 16, vec2f: 8, Sum: 16 };

test.each(
  looks.flatMap(({ name }) =>
    Object.entries(CONFIGS).map(([label, config]) => [name, label, config] as const),
  ),
)('kernels of %s in the config for %s fit every adapter', { timeout: 60_000 }, async (name, _, config) => {
  const { plan } = await readLook(new Uint8Array(readFileSync(`${CACHE}/${name}.onnx`)));
  const seen: Seen = { layouts: [], codes: [] };
  const program = createFrameProgram(new BufferAllocator(deviceOf(seen)), plan, config, 'rgba8unorm');
  const kernels = await prepareKernels(program, config, ['external'])();
  kernelsOfKind(program, kernels, 'texture');
  expect(seen.codes.length).toBeGreaterThan(4);
  for (const { label, entries } of seen.layouts) {
    const kinds = [...entries].map(({ buffer }) => buffer?.type);
    const storage = kinds.filter(kind => kind === 'storage' || kind === 'read-only-storage').length;
    expect(storage, label).toBeLessThanOrEqual(REQUIRED_LIMITS.maxStorageBuffersPerShaderStage);
    const uniforms = kinds.filter(kind => kind === 'uniform').length;
    expect(uniforms, label).toBeLessThanOrEqual(REQUIRED_LIMITS.maxUniformBuffersPerShaderStage);
  }
  for (const code of seen.codes) {
    const [, size = ''] = /@workgroup_size\(([^)]+)\)/.exec(code) ?? [];
    const threads = size.split(',').reduce((product, one) => product * numberOf(one, code), 1);
    expect(threads, code).toBeGreaterThan(0);
    expect(threads, code).toBeLessThanOrEqual(REQUIRED_LIMITS.maxComputeInvocationsPerWorkgroup);
    const shared = [...code.matchAll(/var<workgroup> \w+: array<(\w+), ([^>]+)>/g)];
    const bytes = shared.reduce(
      (sum, [, type = '', many = '']) => sum + (BYTES[type] ?? Number.NaN) * numberOf(many, code),
      0,
    );
    expect(bytes, code).toBeLessThanOrEqual(REQUIRED_LIMITS.maxComputeWorkgroupStorageSize);
  }
});

/** Texts of a frame's kernels, for both kinds of frames. */
const textsOf = (framePlan: FramePlan, config: KernelConfig, step: FrameStep): string[] =>
  (['external', 'texture'] as const).map(kind => {
    const { code, frame } = compileStep(framePlan, config, step, { kind, format: 'rgba8unorm' });
    return `${frame ? kind : ''} ${code}`;
  });

/** The class whose shape a step's kernel has. */
function classIn(config: KernelConfig, step: FrameStep): ConvClass | null {
  if (step.kind !== 'single' || step.operation.kind !== 'convolution') return null;
  return isTiledConv(step.operation) ? classOf(config, step.operation) : null;
}

/** Pipelines in each configuration that the tuner may end with: any shape that it tries, in any class. */
function pipelinesIn(framePlan: FramePlan, config: KernelConfig): number[] {
  const steps = (name: ConvClass | null) => framePlan.steps.filter(step => classIn(config, step) === name);
  const ofConfig = (one: KernelConfig, name: ConvClass | null) =>
    steps(name).flatMap(step => textsOf(framePlan, one, step));
  return CONV_CLASSES.reduce(
    (made, name) => {
      const tried = [config.shapes[name], ...neighbours(name, config.shapes[name])];
      const texts = tried.map(shape =>
        ofConfig({ ...config, shapes: { ...config.shapes, [name]: shape } }, name),
      );
      return made.flatMap(one => texts.map(more => new Set([...one, ...more])));
    },
    [new Set(ofConfig(config, null))],
  ).map(one => one.size);
}

test.each(
  looks
    .filter(({ name }) => name.includes('-256-'))
    .flatMap(({ name }) =>
      Object.entries({ 'software GPUs': SOFTWARE_CONFIG, 'quads of threads': quads, GPUs: GPU_CONFIG }).map(
        ([label, config]) => [name, label, config] as const,
      ),
    ),
)('%s takes 12 pipelines at most in whatever config the tuner finds for %s', async (name, _, config) => {
  const { plan } = await readLook(new Uint8Array(readFileSync(`${CACHE}/${name}.onnx`)));
  const made = pipelinesIn(fuseFrame(plan), config);
  expect(made.length).toBeGreaterThan(100);
  expect(Math.max(...made)).toBeLessThanOrEqual(12);
});

test('an adapter with less is refused with a sentence', () => {
  const enough = { ...REQUIRED_LIMITS } as unknown as GPUSupportedLimits;
  expect(() => checkLimits(enough)).not.toThrow();
  const less = { ...REQUIRED_LIMITS, maxStorageBuffersPerShaderStage: 4 } as unknown as GPUSupportedLimits;
  expect(() => checkLimits(less)).toThrow(EngineError);
  expect(() => checkLimits(less)).toThrow(
    'allows 4 of maxStorageBuffersPerShaderStage and the engine needs 8',
  );
});
