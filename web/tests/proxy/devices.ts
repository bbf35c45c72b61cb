// The GPUs whose compilers are asked, and how Mesa's drivers are told to be theirs.

import { join } from 'node:path';

export interface Device {
  readonly name: string;
  readonly vendor: 'amd' | 'intel';
  /** The chip, as the driver calls it. */
  readonly chip: string;
  /** Compute units of AMD, execution units of Intel. */
  readonly units: number;
  readonly ghz: number;
  /** Bytes of main memory in a second, in 1e9. */
  readonly gbs: number;
}

/** One of AMD's RDNA2 and one of Intel's Xe. Figures are those of the vendors. */
export const DEVICES: Readonly<Record<'deck' | 'xe', Device>> = {
  deck: { name: 'Steam Deck (RDNA2)', vendor: 'amd', chip: 'VANGOGH', units: 8, ghz: 1.6, gbs: 88 },
  xe: { name: 'Iris Xe (Tiger Lake)', vendor: 'intel', chip: 'tgl', units: 96, ghz: 1.3, gbs: 68 },
};

/** The environment in which Dawn finds that device alone. `folder` is what setup.sh made. */
export function environmentOf({ vendor, chip }: Device, folder: string, report: string): NodeJS.ProcessEnv {
  const libraries = join(folder, 'root/usr/lib/x86_64-linux-gnu');
  const icd = join(folder, 'shim.json');
  return {
    ...process.env,
    LD_LIBRARY_PATH: libraries,
    VK_DRIVER_FILES: icd,
    VK_ICD_FILENAMES: icd,
    NODEVICE_SELECT: '1',
    LIMNER_PROXY: folder,
    PROXY_REPORT: report,
    XDG_RUNTIME_DIR: folder,
    PROXY_DRIVER: join(libraries, vendor === 'amd' ? 'libvulkan_radeon.so' : 'libvulkan_intel.so'),
    ...(vendor === 'amd'
      ? { RADV_FORCE_FAMILY: chip, RADV_DEBUG: 'nocache' }
      : {
          INTEL_STUB_GPU_PLATFORM: chip,
          MESA_SHADER_CACHE_DISABLE: '1',
          LD_PRELOAD: join(folder, 'libintel_noop_drm_shim.so'),
        }),
  };
}
