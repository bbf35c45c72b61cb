// Complete networks on WebGPU.

import { compareNetworks } from '../networks.ts';

compareNetworks('webgpu');
