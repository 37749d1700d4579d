import '../../../support/loaded-rules.js';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { rootStream } from '../../../../protocol/numerics/random.js';
import type { ScenarioInput } from '../../../../protocol/scenario/input.js';
import type { Dataset, Examples } from '../../../../worker/datasets/dataset.js';
import { rowOf } from '../../../../worker/datasets/stored-rows.js';
import { readCsv } from '../../../../worker/datasets/tables/csv-file.js';
import { CsvMemory } from '../../../../worker/datasets/tables/csv-part.js';
import { openProblem } from '../../../../worker/problem.js';
import { loadDataset } from '../../../support/load-dataset.js';
import { resolved, temporaryFolder } from '../../../support/scripted-run.js';

const ROWS = 20_000;
const WIDTH = 16;
const draws = rootStream(3, 'float64').normal(ROWS * WIDTH);

/** More than 1 MiB of features and of texts, in many blocks; quotes in some of them, and an empty line before every thousandth row. */
function rowsOf(from: number, to: number, cell: (row: number, column: number) => string | null = () => null): string {
  let text = '';
  for (let row = from; row < to; row++) {
    if (row % 1000 === 999) text += row % 2000 === 999 ? '\n' : '  \n';
    for (let c = 0; c < WIDTH; c++) text += `${cell(row, c) ?? draws[row * WIDTH + c]!.toFixed(4)}, `;
    text += row % 5000 === 17 ? `"a\nb",${row % 3}\n` : `${row % 4 ? 'red' : 'blue'},${row % 3}\n`;
  }
  return text;
}

const HEADER = `${Array.from({ length: WIDTH }, (_, c) => `x${c}`).join(',')},colour,class\n`;
const BITS = { 'in memory': 512, 'one column at a time': 1 } as const;

describe('a CSV file that does not fit in memory', () => {
  const folder = temporaryFolder();
  const path = join(folder, 'large.csv');

  const settings = { name: 'csv-table', categorical: 'one-hot', path };
  const load = (more: object): Dataset => loadDataset({ ...settings, ...more }, rootStream(1, 'float32'));
  const written = (cell?: (row: number, column: number) => string | null, rows = ROWS) =>
    writeFileSync(path, HEADER + rowsOf(0, rows, cell));
  const messages = (more: object = {}) =>
    Object.values(BITS).map((memoryMiB) => {
      try {
        load({ ...more, memoryMiB });
        return 'nothing was thrown';
      } catch (error) {
        return (error as Error).message;
      }
    });
  const bitsOf = (examples: Examples, width: number) =>
    Array.from({ length: examples.count }, (_, i) => Buffer.from(Float32Array.from(rowOf(examples, i, width)).buffer));

  for (const [what, more] of [
    ['scaled, by the seed', {}],
    ['rows with missing values left out', { missing: 'drop' }],
    ['a regression, with owners', { target: 'x3', task: 'regression', groupColumn: 'colour' }],
  ] as const)
    it(`gives the bits of one in memory: ${what}`, () => {
      const isHoled = 'missing' in more;
      written((row, c) => (isHoled && row % 3001 === 5 && c === 2 ? 'NA' : null));
      const [all, stored] = Object.values(BITS).map((memoryMiB) => load({ ...more, memoryMiB })) as [Dataset, Dataset];
      expect([all.train.stored, stored.train.stored].map((rows) => rows !== undefined)).to.deep.equal([false, true]);
      const width = all.featureShape[0]!;
      for (const part of ['train', 'test'] as const) {
        expect(bitsOf(stored[part], width)).to.deep.equal(bitsOf(all[part], width));
        expect(stored[part].labels).to.deep.equal(all[part].labels);
        expect(stored[part].targets).to.deep.equal(all[part].targets);
      }
      const { train, test, decisions, ...others } = all;
      const { train: ownTrain, test: ownTest, decisions: own, ...ownOthers } = stored;
      expect(ownOthers).to.deep.equal(others);
      expect(own!.slice(0, -1)).to.deep.equal(decisions);
      expect(own!.at(-1)).to.match(/^memory: 2 MiB of features are read from \d\d parts as clients compute/);
    });

  it('has the SHA-256 in the record that it has in memory, also as one file a client', async () => {
    written();
    const clients = join(folder, 'clients');
    mkdirSync(clients, { recursive: true });
    for (let i = 0; i < 8; i++)
      writeFileSync(join(clients, `c${i}.csv`), HEADER + rowsOf((i * ROWS) / 8, ((i + 1) * ROWS) / 8));
    for (const [own, partition] of [
      [path, 'iid'],
      [clients, 'by-group'],
    ] as const) {
      const [all, stored] = await Promise.all(
        Object.values(BITS).map(async (memoryMiB) =>
          openProblem(
            await resolved({
              name: 'csv',
              method: { name: 'fedavg', batchSize: 8 },
              objective: 'softmax-regression',
              data: { ...settings, path: own, partition, memoryMiB },
              clients: 8,
              rounds: 1,
            } as ScenarioInput),
          ),
        ),
      );
      expect(stored!.dataset.train.stored).to.not.equal(undefined);
      expect(stored!.fingerprint).to.deep.equal(all!.fingerprint);
    }
  });

  it('is refused as in memory, with line, column and value, wherever the fault is', () => {
    const line = (row: number) => 2 + row + Math.floor((row + 1) / 1000) + Math.floor((row + 4982) / 5000);
    const at = (row: number, column: number, text: string) => (r: number, c: number) =>
      r === row && c === column ? text : null;
    for (const [cell, more, pattern] of [
      [at(2500, 4, ''), {}, `line ${line(2500)}, column 'x4': expected a value, got an empty cell`],
      [at(2001, 9, 'inf'), {}, `line ${line(2001)}, column 'x9': expected a finite number, got 'inf'`],
      [at(1345, 7, 'many'), {}, `line ${line(1345)}, column 'x7': expected a number as in 2999 of 3000 rows`],
      [at(2999, 1, '1e300'), { standardise: false }, `line ${line(2999)}, column 'x1': expected a number within`],
      [at(2600, 0, '"unclosed'), {}, `line ${line(2600)}: a quote is opened and never closed`],
      [at(2600, 0, '1,2'), {}, `line ${line(2600)}: expected 18 values as in line 1, got 19`],
      [() => null, { groupColumn: 'x' }, "groupColumn: expected a column name, 'last' or an index below 18, got 'x'"],
    ] as const) {
      // Too many texts to keep.
      written(cell, 3000);
      const [all, stored] = messages(more);
      expect(all).to.include(pattern);
      expect(stored).to.equal(all);
    }
  });

  it('is refused where it is another file by the time that clients compute', () => {
    written();
    const { train } = load({ memoryMiB: 1 });
    writeFileSync(path, HEADER + rowsOf(0, ROWS, () => '1.0'));
    expect(() => rowOf(train, 9000, 18)).to.throw(
      /large\.csv: expected .*(there when the run began|end of the file)|expected \d+ bytes at/,
    );
  });

  it('is read again as the parser read it: spaces, empty lines, line ends, quotes, UTF-16, no line end at the end', () => {
    const rng = rootStream(11, 'float64').derive('texts');
    const one = <T>(of: readonly T[]): T => of[Math.floor(rng.uniform() * of.length)]!;
    for (let k = 0; k < 400; k++) {
      const [end, delimiter] = [one(['\n', '\r\n', '\r']), one([',', ';', '\t', '::'])];
      const cell = () =>
        one([
          '1',
          ' 2 ',
          'é',
          '\u00a03',
          '',
          'x y',
          '\t4',
          ...(k % 2 ? ['"a\nb"', `"${delimiter}"`, '" c "', '"d""e"'] : []),
        ]);
      const lines = Array.from(
        { length: 12 },
        () =>
          one([...Array(5).fill(null), '', '  ', '\t \t'].slice(0, delimiter === '\t' ? 7 : 8)) ??
          [cell(), cell(), cell()].join(delimiter),
      );
      const text = `${one(['', '\ufeff'])}a${delimiter}b${delimiter}c${end}${lines.join(end)}${one(['', end])}`;
      writeFileSync(path, k % 7 === 0 ? Buffer.from(`\ufeff${text}`, 'utf16le') : text);
      const [all, again] = [Number.POSITIVE_INFINITY, 0].map((limit) => {
        try {
          const { parts } = readCsv(path, { header: 'yes', delimiter, leastRows: 0, memory: new CsvMemory(limit) });
          return parts.flatMap((part) => part.rows());
        } catch (error) {
          return (error as Error).message;
        }
      });
      expect(again, JSON.stringify(text)).to.deep.equal(all);
    }
  });
});
