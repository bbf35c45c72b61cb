// Launches the Chromium of scripts that measure, on its software GPU, or with LIMNER_GPU on a real one.

import { chromium } from 'playwright';

const SOFTWARE = ['--use-angle=swiftshader', '--use-vulkan=swiftshader', '--use-webgpu-adapter=swiftshader'];

export const launchChromium = () =>
  chromium.launch({
    executablePath: process.env.LIMNER_CHROMIUM ?? '/usr/bin/chromium',
    args: [
      '--no-sandbox',
      '--enable-unsafe-webgpu',
      '--enable-features=Vulkan',
      ...(process.env.LIMNER_GPU ? [] : SOFTWARE),
    ],
  });
