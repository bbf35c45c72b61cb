import { playwright } from '@vitest/browser-playwright';
import { defineConfig } from 'vitest/config';
import { minifyShaders } from './build/minify-shaders.ts';

// One flag set under which WebGPU compute, canvas presentation and video import all work without a GPU.
// `--enable-unsafe-webgpu` alone is a trap: compute works, presenting a canvas loses the device.
// src/limner/browser.py starts Chromium with the same for the check of an export: what changes here changes
// there too.
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

/** Milliseconds before a test gives up on what it waits for. Shaders are compiled on a software GPU here, on a machine
 * that may be busy with other things: a limit is there to end what hangs, and says nothing of speed. */
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
          globalSetup: ['tests/cases.ts'],
          ...timeouts,
        },
      },
      {
        publicDir: '.cache',
        // Tested as pages have them.
        plugins: [minifyShaders()],
        test: {
          name: 'browser',
          include: ['tests/browser/**/*.test.ts'],
          globalSetup: ['tests/cases.ts', 'tests/table.ts'],
          setupFiles: ['tests/clear-tuning-cache.ts'],
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
