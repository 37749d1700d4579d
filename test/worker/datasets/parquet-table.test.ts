import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as zlib from 'node:zlib';
import { expect } from 'chai';
import { type ColumnSource, parquetWriteBuffer } from 'hyparquet-writer';
import { rootStream } from '../../../protocol/numerics/random.js';
import { datasets, loadDataset } from '../../../worker/datasets/load.js';

describe('parquet-table', () => {
  let folder: string;
  before(async () => {
    folder = mkdtempSync(join(tmpdir(), 'gradswarm-parquet-'));
    for (const name of ['parquet-table', 'csv-table']) await datasets.load(name);
  });
  after(() => rmSync(folder, { recursive: true }));

  const rows = 12;
  const numbers = (of: (i: number) => number) => Array.from({ length: rows }, (_, i) => of(i));

  function written(name: string, columnData: ColumnSource[]): string {
    const path = join(folder, name);
    writeFileSync(path, new Uint8Array(parquetWriteBuffer({ columnData })));
    return path;
  }

  const load = (spec: { readonly name: string }) => loadDataset(spec, rootStream(1, 'float32'));
  const messageOf = (spec: { readonly name: string }) =>
    load(spec).then(
      () => 'nothing was thrown',
      (error: Error) => error.message,
    );

  const columns = (): ColumnSource[] => [
    { name: 'age', data: numbers((i) => 20 + i), type: 'INT32' },
    { name: 'size', data: numbers((i) => i / 3), type: 'DOUBLE' },
    { name: 'id', data: Array.from({ length: rows }, (_, i) => BigInt(i * 7)), type: 'INT64' },
    { name: 'member', data: Array.from({ length: rows }, (_, i) => i % 2 === 0), type: 'BOOLEAN' },
    { name: 'class', data: Array.from({ length: rows }, (_, i) => ['red', 'green', 'blue'][i % 3]!), type: 'STRING' },
  ];

  const { zstdCompressSync } = zlib as { readonly zstdCompressSync?: (page: Uint8Array) => Uint8Array };
  const codecs = {
    GZIP: (page: Uint8Array) => zlib.gzipSync(page),
    BROTLI: (page: Uint8Array) => zlib.brotliCompressSync(page),
    ...(zstdCompressSync && { ZSTD: zstdCompressSync }),
  };
  for (const codec of ['GZIP', 'BROTLI', 'ZSTD'] as const)
    it(`holds the same examples from a file compressed by ${codec}`, async function () {
      const compressors = codecs;
      if (!compressors[codec]) return this.skip();
      const path = join(folder, `${codec}.parquet`);
      writeFileSync(path, new Uint8Array(parquetWriteBuffer({ columnData: columns(), codec, compressors })));
      const plain = await load({
        name: 'parquet-table',
        categorical: 'one-hot',
        path: written(`plain-${codec}.parquet`, columns()),
      } as never);
      const { train, test } = await load({ name: 'parquet-table', categorical: 'one-hot', path } as never);
      expect({ train, test }).to.deep.equal({ train: plain.train, test: plain.test });
    });

  it('refuses a page that becomes longer than its header states', async () => {
    const path = join(folder, 'longer.parquet');
    const longer = (page: Uint8Array) => zlib.gzipSync(Buffer.concat([page, Buffer.alloc(1_000_000)]));
    const file = parquetWriteBuffer({ columnData: columns(), codec: 'GZIP', compressors: { GZIP: longer } });
    writeFileSync(path, new Uint8Array(file));
    expect(await messageOf({ name: 'parquet-table', path } as never)).to.match(
      /expected a Parquet file that can be read .*larger than/,
    );
  });

  it('holds in every bit the examples of a CSV file with the same values', async () => {
    const lines = numbers((i) => i).map((i) => [20 + i, i / 3, i * 7, i % 2 === 0, ['red', 'green', 'blue'][i % 3]]);
    const csv = join(folder, 'same.csv');
    writeFileSync(csv, `age,size,id,member,class\n${lines.map((line) => line.join(',')).join('\n')}\n`);
    const settings = { categorical: 'one-hot', groupColumn: 'member' };
    const ours = await load({ name: 'parquet-table', path: written('same.parquet', columns()), ...settings } as never);
    const its = await load({ name: 'csv-table', path: csv, ...settings } as never);
    // The split is drawn from a stream that has the data set's name in it: the rows are compared, not the parts.
    const all = ({ train, test }: typeof ours, width = 3) =>
      [train, test]
        .flatMap(({ features, labels, count }) =>
          Array.from({ length: count }, (_, i) => `${labels[i]}: ${features.subarray(i * width, (i + 1) * width)}`),
        )
        .sort();
    expect(ours.featureShape).to.deep.equal([3]);
    expect([ours.train.count, ours.test.count]).to.deep.equal([its.train.count, its.test.count]);
    expect([ours.classNames, ours.groupNames]).to.deep.equal([
      ['blue', 'green', 'red'],
      ['false', 'true'],
    ]);
    const unscaled = { ...settings, standardise: false };
    expect(
      all(await load({ name: 'parquet-table', path: join(folder, 'same.parquet'), ...unscaled } as never)),
    ).to.deep.equal(all(await load({ name: 'csv-table', path: csv, ...unscaled } as never)));
  });

  it('names the row and the column of a missing value, and leaves such rows out only where it is set', async () => {
    const holed = columns();
    (holed[1]!.data as (number | null)[])[4] = null;
    const path = written('holed.parquet', holed);
    const spec = { name: 'parquet-table', path, categorical: 'one-hot' };
    expect(await messageOf(spec)).to.match(
      /^ERR_DATA_FORMAT: .*holed\.parquet: row 5, column 'size': expected a value/,
    );
    const { train, test, decisions } = await load({ ...spec, missing: 'drop' } as never);
    expect(train.count + test.count).to.equal(11);
    expect(decisions!.join('\n')).to.include('1 of 12 rows with missing values (rows 5)');
  });

  it('refuses an index that pandas added, a list in a cell, a file that is no Parquet, and no file', async () => {
    const index = written('index.parquet', [
      ...columns(),
      { name: '__index_level_0__', data: numbers((i) => i), type: 'INT32' },
    ]);
    expect(await messageOf({ name: 'parquet-table', path: index } as never)).to.match(
      /'__index_level_0__'.*index=False/,
    );
    const bytes = written('bytes.parquet', [
      { name: 'raw', data: numbers(() => 0).map(() => new Uint8Array([1, 2])), type: 'BYTE_ARRAY' },
      ...columns(),
    ]);
    expect(await messageOf({ name: 'parquet-table', path: bytes } as never)).to.match(
      /^ERR_DATA_FORMAT: .*column 'raw'/,
    );
    const text = join(folder, 'text.parquet');
    writeFileSync(text, 'a,b\n1,2\n');
    expect(await messageOf({ name: 'parquet-table', path: text } as never)).to.match(
      /^ERR_DATA_FORMAT: .*text\.parquet: expected a Parquet file that can be read/,
    );
    expect(await messageOf({ name: 'parquet-table', path: join(folder, 'none.parquet') } as never)).to.match(
      /^ERR_DATA_MISSING/,
    );
    expect(await messageOf({ name: 'parquet-table' })).to.match(/^ERR_DATA_MISSING: .*'path'/);
  });

  it('of a folder, one file a client, holds the examples of the CSV files with the same values, each with its owner', async () => {
    for (const [at, name] of ['anna', 'bert', 'carl'].entries()) {
      const values = Array.from({ length: at + 4 }, (_, i) => [at + i / 3, i % 2]);
      mkdirSync(join(folder, 'csv'), { recursive: true });
      mkdirSync(join(folder, 'parquet'), { recursive: true });
      writeFileSync(join(folder, 'csv', `${name}.csv`), `x,class\n${values.map((row) => row.join(',')).join('\n')}\n`);
      written(join('parquet', `${name}.parquet`), [
        { name: 'x', data: values.map(([x]) => x!), type: 'DOUBLE' },
        { name: 'class', data: values.map(([, y]) => y!), type: 'INT32' },
      ]);
    }
    const settings = { testShare: 0.2, standardise: false };
    const csv = await load({ name: 'csv-table', path: join(folder, 'csv'), ...settings } as never);
    const parquet = await load({ name: 'parquet-table', path: join(folder, 'parquet'), ...settings } as never);
    // The seed's split differs by the name of the data set.
    const all = ({ train, test }: typeof csv) => [...train.features, ...test.features].sort();
    expect(all(parquet)).to.deep.equal(all(csv));
    for (const { train, test, groups, groupNames } of [csv, parquet]) {
      expect(groupNames).to.deep.equal(['anna', 'bert', 'carl']);
      expect([train.count, test.count]).to.deep.equal([12, 3]);
      // Values of a file begin at its number; those of one file are in rising order.
      for (const [i, owner] of groups!.entries()) {
        expect(train.features[i]).to.be.at.least(owner);
        if (i > 0 && groups![i - 1] === owner) expect(train.features[i]).to.be.above(train.features[i - 1]!);
        else if (i > 0) expect(owner).to.be.above(groups![i - 1]!);
      }
    }
    writeFileSync(join(folder, 'csv', 'dora.csv'), 'y,class\n1,0\n');
    expect(await messageOf({ name: 'csv-table', path: join(folder, 'csv') } as never)).to.match(
      /dora\.csv: expected the columns x, class, as in anna\.csv, got y, class/,
    );
  });
});
