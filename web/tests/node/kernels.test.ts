// The kernels of the test looks stay within the default limits of WebGPU in every configuration, so that a phone with
// eight storage buffers per stage and 16 kB of workgroup memory compiles the same kernels as a desktop.

import { readFileSync } from 'node:fs';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { EngineError } from '../../engine/error.ts';
import { readLook } from '../../engine/look.ts';
import type { ConvClass, KernelConfig } from '../../engine/webgpu/kernels/config.ts';
import { classOf, isTiledConv } from '../../engine/webgpu/kernels/conv-class.ts';
import { type FramePlan, type FrameStep, fuseFrame } from '../../engine/webgpu/kernels/frame-fusion.ts';
import type { FrameKind } from '../../engine/webgpu/kernels/kernel.ts';
import { checkLimits, REQUIRED_LIMITS } from '../../engine/webgpu/runtime/device.ts';
import {
  compileStep,
  createFrameProgram,
  kernelsOfKind,
  prepareKernels,
} from '../../engine/webgpu/runtime/frame-program.ts';
import { BufferAllocator } from '../../engine/webgpu/runtime/memory.ts';
import { CONV_CLASSES } from '../../engine/webgpu/tuning/cache.ts';
import {
  ADRENO_CONFIG,
  GPU_CONFIG,
  LARGE_GPU_CONFIG,
  MALI_CONFIG,
  SOFTWARE_CONFIG,
} from '../../engine/webgpu/tuning/defaults.ts';
import { neighbours } from '../../engine/webgpu/tuning/tuner.ts';
import { CACHE } from '../cases.ts';
import { near } from '../shapes.ts';

const looks = JSON.parse(readFileSync(`${CACHE}/looks.json`, 'utf8')) as { name: string }[];
const quads: KernelConfig = { ...SOFTWARE_CONFIG, hasQuads: true };
const CONFIGS: Record<string, KernelConfig> = {
  'software GPUs': SOFTWARE_CONFIG,
  'quads of threads': quads,
  GPUs: GPU_CONFIG,
  'large GPUs': LARGE_GPU_CONFIG,
  Adreno: ADRENO_CONFIG,
  Mali: MALI_CONFIG,
  ...Object.fromEntries([0, 1, 2, 3].map(i => [`software GPUs, neighbours ${i}`, near(quads, i)])),
  ...Object.fromEntries([0, 1].map(i => [`GPUs, neighbours ${i}`, near(GPU_CONFIG, i)])),
  ...Object.fromEntries([0, 1].map(i => [`large GPUs, neighbours ${i}`, near(LARGE_GPU_CONFIG, i)])),
};

interface Requests {
  layouts: GPUBindGroupLayoutDescriptor[];
  codes: string[];
}

/** A fake device for creating kernels, which records bind group layouts and shader code. */
function fakeDevice(requests: Requests): GPUDevice {
  const buffer = ({ size }: GPUBufferDescriptor) => ({
    size,
    getMappedRange: () => new ArrayBuffer(size),
    unmap: () => undefined,
    destroy: () => undefined,
  });
  const device = {
    limits: { maxStorageBufferBindingSize: 2 ** 31, maxBufferSize: 2 ** 31 },
    queue: { writeBuffer: () => undefined },
    createBuffer: buffer,
    createBindGroup: () => ({}),
    createPipelineLayout: () => ({}),
    createComputePipelineAsync: async () => ({}),
    createComputePipeline: () => ({}),
    createBindGroupLayout: (descriptor: GPUBindGroupLayoutDescriptor) => {
      requests.layouts.push(descriptor);
      return {};
    },
    createShaderModule: ({ code }: GPUShaderModuleDescriptor) => {
      requests.codes.push(code);
      return {};
    },
  };
  return device as unknown as GPUDevice;
}

beforeEach(() => {
  vi.stubGlobal('GPUBufferUsage', { STORAGE: 128, COPY_SRC: 4, COPY_DST: 8, UNIFORM: 64 });
  vi.stubGlobal('GPUShaderStage', { COMPUTE: 4 });
});
afterEach(() => vi.unstubAllGlobals());

/** The value of an expression such as `A * B + 3` of integers and of constants in the code. */
function evaluate(expression: string, code: string): number {
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
    if (value === undefined) throw new Error(`${name} is not defined`);
    return sum(value);
  };
  return sum(expression);
}

/** Bytes of a type. `Sum` has three or four numbers and takes sixteen bytes. */
const BYTES: Record<string, number> = { f32: 4, i32: 4, u32: 4, vec4f: 16, vec2f: 8, Sum: 16 };

function bytesOf(type: string, code: string): number {
  const [, element, length] = /^array<(.+), ([^,>]+)>$/.exec(type) ?? [];
  if (element && length) return bytesOf(element, code) * evaluate(length, code);
  const [, alias] = new RegExp(`alias ${type} = (array<.+>);`).exec(code) ?? [];
  return alias ? bytesOf(alias, code) : (BYTES[type] ?? Number.NaN);
}

test.each(
  looks.flatMap(({ name }) =>
    Object.entries(CONFIGS).map(([label, config]) => [name, label, config] as const),
  ),
)(
  'kernels of %s in the configuration for %s stay within the limits of every adapter',
  { timeout: 60_000 },
  async (name, _, config) => {
    const { plan } = await readLook(new Uint8Array(readFileSync(`${CACHE}/${name}.onnx`)));
    const requests: Requests = { layouts: [], codes: [] };
    const program = createFrameProgram(new BufferAllocator(fakeDevice(requests)), plan, config, 'rgba8unorm');
    const kernels = await prepareKernels(program, config, ['external'])();
    kernelsOfKind(program, kernels, 'texture');
    expect(requests.codes.length).toBeGreaterThan(4);
    for (const { label, entries } of requests.layouts) {
      const kinds = [...entries].map(({ buffer }) => buffer?.type);
      const storage = kinds.filter(kind => kind === 'storage' || kind === 'read-only-storage').length;
      expect(storage, label).toBeLessThanOrEqual(REQUIRED_LIMITS.maxStorageBuffersPerShaderStage);
      const uniforms = kinds.filter(kind => kind === 'uniform').length;
      expect(uniforms, label).toBeLessThanOrEqual(REQUIRED_LIMITS.maxUniformBuffersPerShaderStage);
    }
    for (const code of requests.codes) {
      const [, size = ''] = /@workgroup_size\(([^)]+)\)/.exec(code) ?? [];
      const threads = size.split(',').reduce((product, one) => product * evaluate(one, code), 1);
      expect(threads, code).toBeGreaterThan(0);
      expect(threads, code).toBeLessThanOrEqual(REQUIRED_LIMITS.maxComputeInvocationsPerWorkgroup);
      const shared = [...code.matchAll(/var<workgroup> \w+: (.+);/g)];
      const bytes = shared.reduce((sum, [, type = '']) => sum + bytesOf(type, code), 0);
      expect(bytes, code).toBeLessThanOrEqual(REQUIRED_LIMITS.maxComputeWorkgroupStorageSize);
    }
  },
);

/** Shader code of a step, for kinds of frame sources. */
const codesOf = (
  framePlan: FramePlan,
  config: KernelConfig,
  step: FrameStep,
  kinds: readonly FrameKind[],
): string[] =>
  kinds.map(kind => {
    const { code, frame } = compileStep(framePlan, config, step, { kind, format: 'rgba8unorm' });
    return `${frame ? kind : ''} ${code}`;
  });

/** The convolution class whose shape a step's kernel uses. */
function classIn(config: KernelConfig, step: FrameStep): ConvClass | null {
  if (step.kind !== 'single' || step.operation.kind !== 'convolution') return null;
  return isTiledConv(step.operation) ? classOf(config, step.operation) : null;
}

/** The number of pipelines for each configuration that the tuner may choose: any shape it tries, for each class. */
function pipelinesIn(framePlan: FramePlan, config: KernelConfig, kinds: readonly FrameKind[]): number[] {
  const steps = (name: ConvClass | null) => framePlan.steps.filter(step => classIn(config, step) === name);
  const ofConfig = (one: KernelConfig, name: ConvClass | null) =>
    steps(name).flatMap(step => codesOf(framePlan, one, step, kinds));
  return CONV_CLASSES.reduce(
    (made, name) => {
      const tried = [config.shapes[name], ...neighbours(name, config.shapes[name])];
      const codes = tried.map(shape =>
        ofConfig({ ...config, shapes: { ...config.shapes, [name]: shape } }, name),
      );
      return made.flatMap(one => codes.map(more => new Set([...one, ...more])));
    },
    [new Set(ofConfig(config, null))],
  ).map(one => one.size);
}

test.each(
  looks
    .filter(({ name }) => name.includes('-256-'))
    .flatMap(({ name }) =>
      Object.entries({
        'software GPUs': SOFTWARE_CONFIG,
        'quads of threads': quads,
        GPUs: GPU_CONFIG,
        'large GPUs': LARGE_GPU_CONFIG,
        Adreno: ADRENO_CONFIG,
        Mali: MALI_CONFIG,
      }).map(([label, config]) => [name, label, config] as const),
    ),
)(
  '%s needs at most 12 pipelines for a kind of frames in any configuration that the tuner may choose for %s',
  async (name, _, config) => {
    const { plan } = await readLook(new Uint8Array(readFileSync(`${CACHE}/${name}.onnx`)));
    const isReal = config.minThreads > 0;
    // On software GPUs 12 are enough for a page that changes its kind of frames.
    const counted: FrameKind[][] = isReal ? [['external'], ['texture']] : [['external', 'texture']];
    for (const kinds of counted) {
      const made = pipelinesIn(fuseFrame(plan), config, kinds);
      // On real GPUs fewer shapes are tried.
      expect(made.length).toBeGreaterThan(isReal ? 8 : 100);
      expect(Math.max(...made), `${kinds}`).toBeLessThanOrEqual(12);
    }
  },
);

test('an adapter with lower limits is refused with a sentence', () => {
  const enough = { ...REQUIRED_LIMITS } as unknown as GPUSupportedLimits;
  expect(() => checkLimits(enough)).not.toThrow();
  const less = { ...REQUIRED_LIMITS, maxStorageBuffersPerShaderStage: 4 } as unknown as GPUSupportedLimits;
  expect(() => checkLimits(less)).toThrow(EngineError);
  expect(() => checkLimits(less)).toThrow(
    'allows 4 of maxStorageBuffersPerShaderStage and the engine needs 8',
  );
});
