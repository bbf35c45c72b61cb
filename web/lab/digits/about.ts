/** What the tab Digits explains, at three depths. */
import type { About } from '../shell/explain.ts';

export const ABOUT = {
  data: {
    what: 'What the network learns from: MNIST, if it was fetched, or digits that this page draws.',
    how: '`limner data mnist` fetches MNIST, and `limner lab` shows it here. Or drop its four files onto this card, or any idx files with pictures of 28 or 32 pixels.',
    formula: 'pictures of 28 × 28, white on black, with classes 0…9',
  },
  draw: {
    what: 'Draw a digit, or hold one to the camera: dark on bright paper, and large. The bars say what the network makes of it.',
    how: 'As MNIST’s makers did, the page scales it to 20 pixels and puts its centre of mass into the middle of 28. The small picture is what the network sees.',
    formula: 'p = softmax(f(x))',
  },
} as const satisfies Readonly<Record<string, About>>;
