/** What the tab Painter explains, at three depths. */
import type { About } from '../shell/explain.ts';
import type { Drive, Mode } from './settings.ts';

export const LAYER_ABOUT = {
  grids: {
    what: 'Tables of numbers laid over the picture, from coarse to fine. They take the place of x and y.',
    how: 'Each place reads four numbers of each table, between its nodes. A step changes only what its pixels read, so detail comes fast. A torn hole is filled from coarse to fine.',
    formula: 'f(x, y) = Σ over four nodes of (1 − |Δx|)(1 − |Δy|) · table',
  },
  fourier: {
    what: 'Waves of many lengths and directions, drawn once: with them a small network can see fine detail.',
    how: 'Without them a network of x and y learns slow changes first and fine ones hardly ever (Tancik et al. 2020).',
    formula: 'sin(2π B p), cos(2π B p),  B ~ N(0, 5²)',
  },
  sine: {
    what: 'Units that are waves of what comes before them.',
    how: 'Derivatives of a sine are sines too, so edges and their slopes are learned alike. First weights are so small that the waves of all layers are equally long (Sitzmann et al. 2020).',
    formula: 'sin(30 (W x + b)),  W ~ U(±√(6/n) / 30)',
  },
  hidden: {
    what: 'Each tile is one unit: what it answers at each place of the picture. Click a tile to take the unit out.',
    how: 'Blue is below zero, orange above it. The next layer mixes these tiles. When one is gone, the others learn to do without it.',
    formula: 'h = f(W x + b)',
  },
} as const satisfies Readonly<Record<string, About>>;

export const MODE_NAMES: readonly (readonly [Mode, string])[] = [
  ['grid', 'Grids'],
  ['siren', 'SIREN'],
  ['fourier', 'Fourier'],
  ['mlp', 'Perceptron'],
  ['activations', 'Activations'],
  ['synaptic', 'Synaptic'],
  ['cppn', 'Breeding'],
];

export const MODE_ABOUT: Readonly<Record<Mode, string>> = {
  grid: 'Five tables from 8 to 128 nodes wide, and a small network that mixes what they say: fine detail within seconds.',
  siren: 'Every unit is a sine: waves of waves. Soft first, then sharper and sharper.',
  fourier: 'The place is told in 128 waves before a plain network sees it.',
  mlp: 'Only x and y go in. See how far one comes with bends alone.',
  activations:
    'The perceptron five times: one picture, one seed, one step after the other, five functions that bend.',
  synaptic:
    'The network of “A perceptron paints”, to the letter: 2 numbers in, 15 units, 3 out, one step for each pixel; with five activations side by side.',
  cppn: 'Nobody trains these (CPPN). Pick the child that you like best, and breed on.',
};

export const DRIVE_NAMES: readonly (readonly [Drive, string])[] = [
  ['time', 'Time'],
  ['sound', 'Sound (microphone)'],
  ['midi', 'MIDI controllers'],
  ['hand', 'By hand'],
];

export const ABOUT = {
  target: {
    what: 'What the network paints. Draw on it while it learns: the network runs after you.',
    how: 'Take the still life, a text, a picture of your own, or the camera. Nothing leaves this device. Drop a file here to use it. Save writes picture.png, which the command for Python learns.',
    formula: '(x, y) ↦ (red, green, blue)',
  },
  painting: {
    what: 'What the network makes of every place. There are no pixels in it: zoom in, and it goes on between them.',
    how: 'Touch a painting of grids, or press Enter on it, to tear a hole. A torn painting heals while it learns. Colours are those of the screen (sRGB).',
    formula: 'colour = f(x, y; w),  −1 ≤ x, y ≤ 1',
  },
  zoom: {
    what: 'How many times the painting is enlarged. Between the pixels of the picture, the network makes something up.',
    how: 'Turn the wheel or press plus and minus to zoom; drag or use the arrow keys to move; Home shows all of it.',
    formula: 'colour = f(x₀ + x / zoom, y₀ + y / zoom)',
  },
  wall: {
    what: 'The same network and first weights, with five functions that bend. Pick one to see it large.',
    how: 'As in the slides that began this page. A step has no slope, so synaptic.js takes 1 for it.',
    formula: '1/(1+e⁻ˣ),  tanh x,  max(0, x),  [x > 0],  x',
  },
  activations: {
    what: 'The same perceptron with five functions that bend, each with its likeness. Pick one to see it large.',
    how: 'Each takes its turn, so all have done as many steps. Step is flat on both sides of 0: its derivative is zero, no error passes through it, and the layers before the last stay as they were drawn. Identity bends nothing: all its layers are one.',
    formula: '∂L/∂W₁ = … · f′(W₁ p + b₁) · p,  f′ = 0 for [x > 0]',
  },
  children: {
    what: 'Nine children of the picture above. Pick one: it is the parent of the next nine.',
    how: 'Each has all weights of its parent, changed a little. The first is the parent itself. The address keeps the whole family tree.',
    formula: 'w′ = w + 0.18 · N(0, 1)',
  },
  network: {
    what: 'How a place becomes a colour.',
    how: 'All of them are networks of x and y; they differ in what they are told of the place, and in how they bend.',
    formula: 'f = W_L σ( … σ(W₁ φ(x, y) + b₁) … ) + b_L',
  },
  depth: {
    what: 'Layers between the place and the colour.',
    how: 'More of them bend more sharply, and take longer.',
    formula: 'h₁, h₂, …, h_L',
  },
  width: {
    what: 'Units of each of these layers.',
    how: 'Twice as many cost four times as much.',
    formula: '(n + 1) · n numbers a layer',
  },
  bend: {
    what: 'How a unit bends: without a bend, layers of any number make one slope of colour.',
    how: 'ReLU makes facets, tanh makes folds, sines make waves.',
    formula: 'max(0, x),  tanh x,  1/(1+e⁻ˣ),  sin x,  x',
  },
  pixels: {
    what: 'Pixels that each step looks at, drawn at random.',
    how: '64 × 64 are 4,096. More make calm steps, and slow ones.',
    formula: 'L = 1/B · Σ |f(pᵢ) − cᵢ|²',
  },
  psnr: {
    what: 'How near the painting is, in decibels: 20 is a sketch, 25 is good, 30 is hard to tell apart.',
    how: 'From the squared error of sRGB colours of 0…1 on the pixels of each step.',
    formula: 'PSNR = −10 · log₁₀ (mean of squared errors)',
  },
  loss: {
    what: 'The mean of squared errors of the colours: of each step, or of each sweep over all pixels.',
    how: 'Half the error is three decibels more.',
    formula: 'L = 1/3B · Σ |f(pᵢ) − cᵢ|²',
  },
  drive: {
    what: 'What moves the two numbers that go into the network beside the place.',
    how: 'Sound: low tones move the first, high ones the second. MIDI: the first two controllers that you touch, or keys.',
    formula: 'f(x, y, √(x² + y²), z₁, z₂)',
  },
  latent: {
    what: 'A number that goes into the network beside the place: move it, and the picture flows.',
    how: 'It is the same for all places of the picture.',
    formula: 'f(x, y, r, z₁, z₂)',
  },
  keep: {
    what: 'Take the painting with you: as a large picture, or as a shader with the network inside.',
    how: 'The picture has 4,096 × 4,096 pixels of what you see now. The shader runs wherever WebGL2 does, at any size; tables of grids are in a picture beside it. The arrow below keeps the network as ONNX.',
    formula: 'colour = vec4(paint(at), 1.)',
  },
} as const satisfies Readonly<Record<string, About>>;
