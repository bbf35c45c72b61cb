// What the panel “Learn” does, on WebGL2.

import { paintWithEngine, testLearning } from '../learning.ts';

testLearning('webgl2', { fineTuning: 200, keyframe: 60 }, paintWithEngine);
