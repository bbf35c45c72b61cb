// The text of docs/operators.md: made from the results of the backends' conformance tests, and compared with the
// results of later runs.

export interface Result {
  readonly name: string;
  readonly op: string;
  readonly outcome: 'passed' | 'refused' | 'skipped';
  readonly reason?: string;
}

export interface Report {
  /** Version of the onnx package that generated the cases. */
  readonly onnx: string;
  readonly results: readonly Result[];
}

export interface Row {
  readonly passed: number;
  readonly all: number;
  /** Why the other cases did not pass, with the number of cases for each reason. */
  readonly reasons: ReadonlyMap<string, number>;
}

export const BACKENDS = ['webgpu', 'webgl2'] as const;
type Backend = (typeof BACKENDS)[number];
const TITLES: Readonly<Record<Backend, string>> = { webgpu: 'WebGPU', webgl2: 'WebGL2' };

function rowsOf(results: readonly Result[]): Map<string, Row> {
  const rows = new Map<string, Row>();
  for (const op of [...new Set(results.map(result => result.op))].sort()) {
    const cases = results.filter(result => result.op === op);
    const reasons = new Map<string, number>();
    for (const { reason } of cases) if (reason) reasons.set(reason, (reasons.get(reason) ?? 0) + 1);
    const passed = cases.filter(({ outcome }) => outcome === 'passed').length;
    rows.set(op, { passed, all: cases.length, reasons });
  }
  return rows;
}

const listed = (reasons: ReadonlyMap<string, number>): string =>
  [...reasons].map(([reason, count]) => `${count} ${reason}`).join('; ');

/** The file's text. The cells of a backend without a report are 'not run'. */
export function tableOf(reports: Readonly<Partial<Record<Backend, Report>>>): string {
  const { webgpu, webgl2 } = reports;
  const rows = rowsOf(webgpu?.results ?? []);
  const others = rowsOf(webgl2?.results ?? []);
  const cell = (row: Row | undefined) => (row ? `${row.passed} of ${row.all}` : 'not run');
  const lines = [...rows].map(([op, row]) => {
    const other = others.get(op);
    const more = other && listed(other.reasons) !== listed(row.reasons) ? listed(other.reasons) : '';
    const why = [listed(row.reasons), more && `WebGL2: ${more}`].filter(Boolean).join('. ');
    return `| ${op} | ${cell(row)} | ${cell(other)} | ${why} |`;
  });
  const total = (report: Report | undefined) =>
    report?.results.filter(({ outcome }) => outcome === 'passed').length ?? 0;
  return `# Operators

The engine passes these of ONNX's own node tests, with an absolute and a relative tolerance of 1e-4:
${total(webgpu)} on WebGPU and ${total(webgl2)} on WebGL2, of ${webgpu?.results.length ?? 0} cases that onnx ${webgpu?.onnx ?? ''} generates for
these operators, including those that write an operator as a function of others. \`npm run operators\` in \`web/\`
writes this file from the test runs, and the tests fail if it differs from what they find.
Everything is computed in float32; float64 cases are converted. Integers and booleans are evaluated exactly at load,
as shapes are. \`Adagrad\`, \`Adam\`, \`Momentum\`, \`NegativeLogLikelihoodLoss\`, \`SoftmaxCrossEntropyLoss\` and
\`BatchNormalization\` in training mode are for networks that learn in the page: what paints refuses them. They take
integers that are inputs as floats. The engine's CPU backend, for training without a GPU, passes the same cases.

| operator | WebGPU | WebGL2 | left out, and why |
| --- | --- | --- | --- |
${lines.join('\n')}
`;
}

/** The differences between the table and a backend's report, one sentence each. */
export function differences(table: string, backend: Backend, { onnx, results }: Report): string[] {
  const rows = rowsOf(results);
  const passed = results.filter(({ outcome }) => outcome === 'passed').length;
  const head = table.replaceAll('\n', ' ');
  const heads = [`${passed} on ${TITLES[backend]}`, `of ${results.length} cases that onnx ${onnx} generates`];
  const lines = table.split('\n').filter(line => /^\| [A-Z]/.test(line));
  const listedOf = (line: string) => line.split('|').map(cell => cell.trim());
  const known = lines.map(line => listedOf(line)[1] ?? '');
  return [
    ...heads.filter(text => !head.includes(text)).map(text => `The head does not say '${text}'.`),
    ...known.filter(op => !rows.has(op)).map(op => `${op} is in the table and was not run.`),
    ...[...rows].flatMap(([op, row]) => {
      const cells = listedOf(lines[known.indexOf(op)] ?? '');
      const cell = cells[2 + BACKENDS.indexOf(backend)];
      const expected = `${row.passed} of ${row.all}`;
      const [shared = '', apart] = (cells[4] ?? '').split(/(?:^|\. )WebGL2: /);
      const why = backend === 'webgl2' ? (apart ?? shared) : shared;
      const reasons = listed(row.reasons);
      return [
        ...(cell === expected ? [] : [`${op} is '${cell}' in the table and ${expected} here.`]),
        ...(why === reasons ? [] : [`${op} leaves out '${why}' in the table and '${reasons}' here.`]),
      ];
    }),
  ];
}
