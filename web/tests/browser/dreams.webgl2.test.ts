// Steps of dreams on WebGL2.

import { compareDreams } from '../dreams.ts';

compareDreams('webgl2');
