import { playwright } from '@vitest/browser-playwright';
import { defineConfig } from 'vitest/config';
import { minifyShaders } from './build/minify-shaders.ts';

// With these flags WebGPU compute, canvas presentation and video import all work without a GPU. With
// `--enable-unsafe-webgpu` alone, compute works, but presenting a canvas loses the device.
// src/limner/page/chromium.py has the same flags, for the check of an export: change both together.
export const CHROMIUM_FLAGS = [
  '--no-sandbox',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
  '--enable-unsafe-webgpu',
  '--use-angle=swiftshader',
  '--use-vulkan=swiftshader',
  '--enable-features=Vulkan',
  '--use-webgpu-adapter=swiftshader',
];

/** Milliseconds before a test gives up. Shaders are compiled on a software GPU, on a machine that may be busy: the
 * limit only ends tests that hang, and says nothing about speed. */
export const TIMEOUT_MS = 240_000;
const timeouts = {
  testTimeout: TIMEOUT_MS,
  hookTimeout: TIMEOUT_MS,
  expect: { poll: { timeout: TIMEOUT_MS / 2 } },
};

export default defineConfig({
  test: {
    browser: { connectTimeout: TIMEOUT_MS },
    projects: [
      {
        test: {
          name: 'node',
          include: ['tests/node/**/*.test.ts'],
          environment: 'node',
          globalSetup: ['tests/cases.ts'],
          ...timeouts,
        },
      },
      {
        test: {
          name: 'package',
          include: ['tests/package/**/*.test.ts'],
          environment: 'node',
          globalSetup: ['tests/cases.ts', 'tests/package/build.ts'],
          ...timeouts,
        },
      },
      {
        // Run by `npm run proxy`, which fetches what it needs.
        test: {
          name: 'proxy',
          include: ['tests/proxy/**/*.test.ts'],
          environment: 'node',
          globalSetup: ['tests/cases.ts'],
          ...timeouts,
        },
      },
      {
        publicDir: '.cache',
        // The tests use the minified shaders, as pages do.
        plugins: [minifyShaders()],
        test: {
          name: 'browser',
          include: ['tests/browser/**/*.test.ts'],
          globalSetup: ['tests/cases.ts', 'tests/table.ts'],
          setupFiles: ['tests/clear-tuning-cache.ts', 'tests/keep-pipelines.ts'],
          ...timeouts,
          fileParallelism: false,
          browser: {
            enabled: true,
            headless: true,
            screenshotFailures: false,
            provider: playwright({
              launchOptions: {
                executablePath: process.env.LIMNER_CHROMIUM ?? '/usr/bin/chromium',
                args: CHROMIUM_FLAGS,
              },
            }),
            instances: [{ browser: 'chromium' }],
          },
        },
      },
    ],
  },
});
