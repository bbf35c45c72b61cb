/** Figures of others, which are shown beside one's own: of 200 runs of a MobileNet in TensorFlow.js on one device, as “Evaluation
 * of ML methods for online use in the browser” quotes them from Google. They have no spread. */

export interface Quoted {
  readonly label: string;
  readonly ms: number;
}

export const QUOTED: readonly Quoted[] = [
  { label: 'browser, CPU', ms: 97 },
  { label: 'browser, WebGL', ms: 10 },
  { label: 'Node, CPU', ms: 19.6 },
  { label: 'Node, CUDA', ms: 7.68 },
];
