/** The tabs, in their order. One that is not built is not listed. */
import classifierStyle from './classifier/classifier.css?url';
import descentStyle from './descent/descent.css?url';
import lineStyle from './line/line.css?url';
import measureStyle from './measure/measure.css?url';
import painterStyle from './painter/painter.css?url';
import type { TabEntry } from './shell/tab.ts';

export const TABS: readonly TabEntry[] = [
  {
    id: 'painter',
    name: 'Painter',
    style: painterStyle,
    load: async () => (await import('./painter/tab.ts')).makePainterTab,
  },
  {
    id: 'line',
    name: 'Line',
    style: lineStyle,
    load: async () => (await import('./line/tab.ts')).makeLineTab,
  },
  {
    id: 'descent',
    name: 'Descent',
    style: descentStyle,
    load: async () => (await import('./descent/tab.ts')).makeDescentTab,
  },
  {
    id: 'digits',
    name: 'Digits',
    style: classifierStyle,
    load: async () => (await import('./digits/tab.ts')).makeDigitsTab,
  },
  {
    id: 'pictures',
    name: 'Pictures',
    style: classifierStyle,
    load: async () => (await import('./pictures/tab.ts')).makePicturesTab,
  },
  {
    id: 'measure',
    name: 'Measure',
    style: measureStyle,
    load: async () => (await import('./measure/tab.ts')).makeMeasureTab,
  },
];
