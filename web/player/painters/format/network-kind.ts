/** What a network that makes no picture seems to be; limner/look/network_kind.py has the same rules. */

const BOXES = /box|bbox|det|anchor|num_?dets/i;
const POINTS = /heat_?map|key_?point|landmark|joint|(?:^|[^a-z])pose/i;
const FEATURES = /embed|feature|latent|encod|pool/i;

/** A detector has more candidates than these, with a few values each. */
const YOLO_ROWS = 1000;

/** ONNX's integers, signed and unsigned. A class for each pixel is such a number. */
const INTEGERS = [2, 3, 4, 5, 6, 7, 12, 13];
/** A map of classes has no shorter side. */
const MIN_SIDE = 16;

interface Output {
  readonly name: string;
  /** ONNX's number of the element type. */
  readonly type: number;
  readonly dims: readonly number[];
}

/** What a network with these outputs seems to do, as the rest of a sentence. */
export function describeOutputs(outputs: readonly Output[]): string {
  const { name, type, dims } = outputs[0] ?? { name: '', type: 0, dims: [] };
  const sides = dims.filter(side => side !== 1);
  const count = Math.max(1, ...sides).toLocaleString('en');
  const classes = Math.min(dims[1] ?? 1, dims[3] ?? 1);
  if (INTEGERS.includes(type) && sides.length === 2 && Math.min(...sides) >= MIN_SIDE) {
    return 'seems to name what each part of a picture shows';
  }
  if (outputs.some(one => BOXES.test(one.name)) || isListOfBoxes(sides)) {
    return 'seems to find things in a picture and to give boxes around them';
  }
  if (POINTS.test(name)) return 'seems to find points in a picture, such as the joints of a body';
  if (FEATURES.test(name)) return `seems to describe a picture by ${count} numbers`;
  if (dims.length === 4 && classes > 1 && Math.min(...sides.slice(-2)) > 1) {
    return `seems to name what each part of a picture shows (${classes.toLocaleString('en')} classes)`;
  }
  if (sides.length === 1) return `seems to name what is in a picture (${count} classes)`;
  if (sides.length === 0) return 'gives one number for a picture';
  return `gives ${dims.join(' x ')} values`;
}

/** Whether it is a list of boxes, or of many candidates with a few values each. */
function isListOfBoxes(sides: readonly number[]): boolean {
  if (sides.length !== 2) return false;
  const few = Math.min(...sides);
  const last = sides[1] ?? 0;
  return (
    sides.includes(4) ||
    [5, 6, 7].includes(last) ||
    (Math.max(...sides) >= YOLO_ROWS && few >= 5 && few <= 300)
  );
}
