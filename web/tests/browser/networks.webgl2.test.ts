// Complete networks on WebGL2.

import { compareNetworks } from '../networks.ts';

compareNetworks('webgl2');
