/** The worker that computes the loss at each place of a grid on the plane. A finer grid takes over what a coarser one has. */
import { CELLS, type GridReply, type GridRequest, STRIDES } from './grid-protocol.ts';
import { makePlanePerceptron } from './network.ts';
import { PerceptronLoss } from './perceptron-loss.ts';

const worker = self as unknown as Worker;
const post = (reply: GridReply) => worker.postMessage(reply);

function computeGrids({ plane, digits, scale, view }: GridRequest): void {
  const network = makePlanePerceptron(plane, digits, scale);
  post({ kind: 'network', network });
  const loss = new PerceptronLoss(network);
  const [[left, right], [bottom, top]] = view;
  const { columns, rows } = CELLS;
  const known = new Float64Array((columns + 1) * (rows + 1)).fill(Number.NaN);
  for (const stride of STRIDES) {
    const heights: number[] = [];
    for (let row = 0; row <= rows; row += stride) {
      const y = bottom + ((top - bottom) * row) / rows;
      for (let column = 0; column <= columns; column += stride) {
        const i = row * (columns + 1) + column;
        if (Number.isNaN(known[i])) known[i] = loss.value(left + ((right - left) * column) / columns, y);
        heights.push(known[i] ?? 0);
      }
    }
    const grid = { columns: columns / stride, rows: rows / stride, heights: Float64Array.from(heights) };
    post({ kind: 'grid', grid });
  }
}

worker.addEventListener('message', ({ data }: MessageEvent<GridRequest>) => {
  try {
    computeGrids(data);
  } catch (error) {
    post({ kind: 'failed', reason: error instanceof Error ? error.message : String(error) });
  }
});
