// The GPUs whose compilers are asked, and how Mesa's drivers are told to be theirs.

import { join } from 'node:path';

export interface Device {
  readonly name: string;
  readonly vendor: 'amd' | 'intel' | 'qualcomm' | 'arm';
  /** The chip, as the driver or its stand-in calls it. */
  readonly chip: string;
}

/** A GPU of which the vendor's figures are known, so that times are estimated. */
export interface RatedDevice extends Device {
  readonly vendor: 'amd' | 'intel';
  /** Compute units of AMD, execution units of Intel. */
  readonly units: number;
  /** Those of them that one workgroup can use: a pair of AMD's, a dual subslice of Intel's. */
  readonly workgroupUnits: number;
  readonly ghz: number;
  /** Bytes of main memory in a second, in 1e9. */
  readonly gbs: number;
}

/** One of AMD's RDNA2 and one of Intel's Xe. Figures are those of the vendors. */
export const DEVICES: Readonly<Record<'deck' | 'xe', RatedDevice>> = {
  deck: {
    name: 'Steam Deck (RDNA2)',
    vendor: 'amd',
    chip: 'VANGOGH',
    units: 8,
    workgroupUnits: 2,
    ghz: 1.6,
    gbs: 88,
  },
  xe: {
    name: 'Iris Xe (Tiger Lake)',
    vendor: 'intel',
    chip: 'tgl',
    units: 96,
    workgroupUnits: 16,
    ghz: 1.3,
    gbs: 68,
  },
};

/** GPUs of phones: their compilers are asked for registers alone. */
export const PHONES: Readonly<Record<'adreno' | 'mali', Device>> = {
  adreno: { name: 'Adreno 740', vendor: 'qualcomm', chip: '740' },
  mali: { name: 'Mali-G610 (Valhall)', vendor: 'arm', chip: 'a867' },
};

/** A driver by its file, in the folder that setup.sh made, and what it has to be told. */
interface Driver {
  readonly file: string;
  /** In place of a kernel driver; AMD's driver needs none. */
  readonly standIn?: string;
  environment(chip: string): NodeJS.ProcessEnv;
}

const LIBRARIES = 'root/usr/lib/x86_64-linux-gnu';

const DRIVERS: Readonly<Record<Device['vendor'], Driver>> = {
  amd: {
    file: `${LIBRARIES}/libvulkan_radeon.so`,
    environment: chip => ({ RADV_FORCE_FAMILY: chip, RADV_DEBUG: 'nocache' }),
  },
  intel: {
    file: `${LIBRARIES}/libvulkan_intel.so`,
    standIn: 'libintel_noop_drm_shim.so',
    environment: chip => ({ INTEL_STUB_GPU_PLATFORM: chip }),
  },
  qualcomm: {
    file: 'libvulkan_freedreno.so',
    standIn: 'libfreedreno_noop_drm_shim.so',
    environment: chip => ({ FD_GPU_ID: chip }),
  },
  arm: {
    file: 'libvulkan_panfrost.so',
    standIn: 'libpanfrost_noop_drm_shim.so',
    environment: chip => ({ PAN_GPU_ID: chip }),
  },
};

/** The environment in which Dawn finds that device alone. `folder` is what setup.sh made. */
export function environmentOf({ vendor, chip }: Device, folder: string, report: string): NodeJS.ProcessEnv {
  const { file, standIn, environment } = DRIVERS[vendor];
  const icd = join(folder, 'shim.json');
  return {
    ...process.env,
    LD_LIBRARY_PATH: join(folder, LIBRARIES),
    VK_DRIVER_FILES: icd,
    VK_ICD_FILENAMES: icd,
    NODEVICE_SELECT: '1',
    LIMNER_PROXY: folder,
    PROXY_REPORT: report,
    XDG_RUNTIME_DIR: folder,
    PROXY_DRIVER: join(folder, file),
    MESA_SHADER_CACHE_DISABLE: '1',
    ...(standIn && { LD_PRELOAD: join(folder, standIn) }),
    ...environment(chip),
  };
}
