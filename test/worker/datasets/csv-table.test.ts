import '../../support/loaded-rules.js';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { rootStream } from '../../../protocol/numerics/random.js';
import type { Dataset } from '../../../worker/datasets/dataset.js';
import { loadDataset } from '../../support/load-dataset.js';
import { refuses } from './refusal.js';

const HEADED = 'height,kind,"weight, kg",owner\n1,b,10,y\n2,a,20,x\n3,c,30,y\n4,a,40,x\n5,b,50,y\n';

describe('worker/datasets/csv-table', () => {
  let folder = '';
  let path = '';
  before(() => {
    folder = mkdtempSync(join(tmpdir(), 'gradswarm-csv-'));
    path = join(folder, 'table.csv');
  });
  after(() => {
    rmSync(folder, { recursive: true });
  });

  const load = (text: string, settings: object = {}, seed = 1): Dataset => {
    writeFileSync(path, text);
    return loadDataset({ name: 'csv-table', path, ...settings }, rootStream(seed, 'float32'));
  };
  const plain = { target: 'kind', groupColumn: 'owner', standardise: false, testShare: 0.4 };
  const rowsOf = ({ train, test }: Dataset) =>
    [train, test].flatMap(({ features, labels }) =>
      [...labels].map((label, i) => `${features[2 * i]} ${label} ${features[2 * i + 1]}`),
    );

  it('labels are sorted text classes, the group column is no feature, a quoted comma is no column, the split is a cover', () => {
    const dataset = load(HEADED, plain);
    expect(dataset.classNames).to.deep.equal(['a', 'b', 'c']);
    expect(dataset.featureShape).to.deep.equal([2]);
    expect([dataset.train.count, dataset.test.count]).to.deep.equal([3, 2]);
    expect(rowsOf(dataset).sort()).to.deep.equal(['1 1 10', '2 0 20', '3 2 30', '4 0 40', '5 1 50']);
    expect(dataset.groupNames).to.deep.equal(['x', 'y']);
    // Owner x has the even heights.
    expect([...dataset.groups!]).to.deep.equal(
      [...dataset.train.labels].map((_, i) => dataset.train.features[2 * i]! % 2),
    );
  });

  it('the split depends on the seed alone', () => {
    const splits = new Set<string>();
    for (let seed = 0; seed < 20; seed++) {
      const first = rowsOf(load(HEADED, plain, seed));
      expect(rowsOf(load(HEADED, plain, seed))).to.deep.equal(first);
      splits.add(first.join(';'));
    }
    // 20 draws from C(5, 2) = 10 splits.
    expect(splits.size).to.be.above(4);
  });

  it('regression by column index without a header: targets are numbers and there are no classes', () => {
    const { train, test, classCount } = load('1,2.5,3\n4,5e1,6\n7,-.5,9\n', {
      target: '1',
      task: 'regression',
      standardise: false,
    });
    expect(classCount).to.equal(0);
    expect([...train.targets, ...test.targets].sort((a, b) => a - b)).to.deep.equal([-0.5, 2.5, 50]);
    expect(train.count).to.equal(2);
    expect(train.labels.length).to.equal(0);
  });

  it('standardisation uses the training rows only (divisor n), and leaves a constant column at 0', () => {
    const text = Array.from({ length: 50 }, (_, i) => `${i * i},7,${i % 2}`).join('\n');
    const { train, test } = load(text, { testShare: 0.3 });
    const column = Float64Array.from({ length: train.count }, (_, i) => train.features[2 * i]!);
    expect(column.reduce((a, b) => a + b, 0) / 35).to.be.closeTo(0, 1e-6);
    expect(column.reduce((a, b) => a + b * b, 0) / 35).to.be.closeTo(1, 1e-6);
    expect(train.features[1]).to.equal(0);
    const testMean =
      Array.from({ length: test.count }, (_, i) => test.features[2 * i]!).reduce((a, b) => a + b, 0) / 15;
    expect(Math.abs(testMean)).to.be.above(1e-3);
  });

  it('numeric class labels are in order of value: 9 before 10', () => {
    expect(load('1,10\n2,9\n3,10\n').classNames).to.deep.equal(['9', '10']);
  });

  it('a text column is refused by name, record and value, and becomes one 0/1 column a category with one-hot', () => {
    const text = 'size,colour,label\n1,red,0\n2,blue,1\n3,red,1\n';
    refuses(() => load(text), 'ERR_DATA_FORMAT', /line 2, column 'colour'/, /'red'/, /one-hot/);
    const { train, test, featureShape } = load(text, { categorical: 'one-hot', standardise: false, testShare: 0.34 });
    expect(featureShape).to.deep.equal([3]);
    const rows = [train, test].flatMap(({ features, count }) =>
      Array.from({ length: count }, (_, i) => [...features.slice(3 * i, 3 * i + 3)].join(' ')),
    );
    expect(rows.sort()).to.deep.equal(['1 0 1', '2 1 0', '3 0 1']);
  });

  it('an empty cell, a ragged row, a doubled name, an unknown target and an empty file are refused with the file name', () => {
    refuses(() => load('a,b\n1,2\n,4\n'), 'ERR_DATA_FORMAT', /table\.csv/, /line 3, column 'a'/, /empty cell/);
    refuses(() => load('a,b\n1,2\n3\n'), 'ERR_DATA_FORMAT', /table\.csv/, /line 3/);
    refuses(() => load('a,a\n1,2\n3,4\n'), 'ERR_DATA_FORMAT', /'a' twice/);
    refuses(() => load(HEADED, { target: 'kid' }), 'ERR_DATA_FORMAT', /'kid'/, /height, kind/);
    refuses(() => load(''), 'ERR_DATA_FORMAT', /empty file/);
    refuses(() => load('a,b\n1,2\n'), 'ERR_DATA_FORMAT', /at least 2 rows/);
    refuses(() => load('a,b\n1,x\n2,3\n', { task: 'regression' }), 'ERR_DATA_FORMAT', /column 'b'/, /'x'/);
  });

  it('a missing file and a missing path say so', () => {
    const rng = rootStream(1, 'float32');
    refuses(() => loadDataset({ name: 'csv-table', path: join(folder, 'no.csv') }, rng), 'ERR_DATA_MISSING', /no\.csv/);
    refuses(() => loadDataset({ name: 'csv-table' }, rng), 'ERR_DATA_MISSING', /'path'/);
  });
});
