// What the panel “Learn” does, on WebGL2.

import { paintWithEngine, testLearning } from '../learning.ts';

testLearning('webgl2', { fineTuning: { steps: 60, fall: 0.1 }, keyframe: 60 }, paintWithEngine);
