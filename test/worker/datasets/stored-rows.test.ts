import fs, { mkdirSync, readdirSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { syncBuiltinESMExports } from 'node:module';
import { join } from 'node:path';
import { deflateRawSync } from 'node:zlib';
import { expect } from 'chai';
import { encode as encodePng } from 'fast-png';
import { strToU8, zipSync } from 'fflate';
import { type ColumnSource, parquetWriteBuffer } from 'hyparquet-writer';
import type { ScenarioInput } from '../../../protocol/scenario/input.js';
import { encodeNpy } from '../../../worker/arrays/npy.js';
import { encodeNpz } from '../../../worker/arrays/npz.js';
import { openNpz } from '../../../worker/arrays/stored-array.js';
import { HeldRows } from '../../../worker/datasets/files/held-rows.js';
import { Room } from '../../../worker/datasets/files/kept-rows.js';
import { BlockCache, storedExamples } from '../../../worker/datasets/stored-rows.js';
import { openProblem, type Problem } from '../../../worker/problem.js';
import { resolved, temporaryFolder } from '../../support/scripted-run.js';

const WIDTH = 600;

/** Features that differ from row to row, many of them 0. */
function arraysOf(client: number, count: number) {
  const x = Float32Array.from({ length: count * WIDTH }, (_, i) =>
    i % 3 === client % 3 ? 0 : Math.sin(i + 7 * client),
  );
  const y = Float32Array.from({ length: count }, (_, i) => (i + client) % 3);
  return new Map([
    ['x_train', { shape: [count, 20, 30], values: x }],
    ['y_train', { shape: [count], values: y }],
  ]);
}

/** One file a client, more than 1 MiB in all; every other file is compressed. */
function clientFiles(): string {
  const path = temporaryFolder();
  for (let client = 0; client < 8; client++) {
    const arrays = arraysOf(client, 60 + client);
    const packed = () =>
      zipSync(Object.fromEntries([...arrays].map(([name, array]) => [`${name}.npy`, encodeNpy(array)])), { level: 6 });
    writeFileSync(join(path, `client-${client}.npz`), client % 2 ? packed() : encodeNpz(arrays));
  }
  return path;
}

function input(data: object, more: object = {}): ScenarioInput {
  return {
    name: 'stored',
    method: { name: 'fedavg', batchSize: 8 },
    objective: 'softmax-regression',
    data: { name: 'numpy', testShare: 0.2, ...data },
    clients: 4,
    rounds: 2,
    evaluation: { train: true },
    ...more,
  } as ScenarioInput;
}

/** The same scenario with all features in memory, and with at most 1 MiB of them. */
async function both(scenario: ScenarioInput) {
  const [inMemory, stored] = [512, 1].map(async (memoryMiB) =>
    openProblem(
      await resolved({ ...scenario, data: { ...(scenario.data as object), memoryMiB } } as unknown as ScenarioInput),
    ),
  );
  return { inMemory: await inMemory!, stored: await stored! };
}

/** What clients compute, and what is evaluated. */
async function figuresOf(problem: Problem) {
  const params = problem.model.initialParams.map((_, i) => Math.sin(i));
  const gradients = [];
  for (let client = 0; client < 4; client++) {
    const objective = problem.changed(client, 1);
    const batch = Uint32Array.from({ length: Math.min(16, objective.exampleCount) }, (_, i) => i);
    gradients.push(Array.from(await objective.gradient(params, batch)));
  }
  return {
    gradients,
    test: await problem.family.evaluate([params]),
    train: await problem.family.evaluateTraining!([params]),
    own: await problem.evaluateClient(1, [params], 0),
    read: problem.fingerprint,
  };
}

/** How often each file of a folder is opened meanwhile. */
async function opensIn(folder: string, task: () => Promise<void>): Promise<ReadonlyMap<string, number>> {
  const counts = new Map<string, number>();
  const { openSync } = fs;
  const counting: typeof openSync = (path, ...rest) => {
    if (String(path).startsWith(folder)) counts.set(String(path), (counts.get(String(path)) ?? 0) + 1);
    return openSync(path, ...rest);
  };
  fs.openSync = counting;
  syncBuiltinESMExports();
  try {
    await task();
  } finally {
    fs.openSync = openSync;
    syncBuiltinESMExports();
  }
  return counts;
}

describe('features that are read as clients compute', () => {
  const path = clientFiles();

  for (const [what, more] of [
    ['one file a client', { data: { path, partition: 'by-group' } }],
    ['any partition', { data: { path, partition: { name: 'dirichlet', alpha: 1 } } }],
    [
      'layers with dropout on a device, evaluated by client',
      {
        data: { path, partition: 'by-group' },
        objective: {
          name: 'layers',
          layers: [
            'flatten',
            { name: 'dense', units: 4 },
            'relu',
            { name: 'dropout', rate: 0.5 },
            { name: 'dense', units: 3 },
          ],
        },
        evaluation: { perClient: { heldOut: 0.2 } },
      },
    ],
    [
      'labels that a fault changes',
      { data: { path, partition: 'iid' }, faults: [{ fault: 'label-flip', clients: [0] }] },
    ],
  ] as const)
    it(`give the bits of features in memory: ${what}`, async () => {
      const { data, ...rest } = more as { data: object };
      const { inMemory, stored } = await both(input(data, rest));
      expect([inMemory.dataset.train.stored === undefined, stored.dataset.train.stored === undefined]).to.deep.equal([
        true,
        false,
      ]);
      expect(await figuresOf(stored)).to.deep.equal(await figuresOf(inMemory));
      expect(stored.dataset.decisions!.at(-1)).to.match(/^memory: 2 MiB of features are read from 8 files .* 1 MiB/);
    });

  it('come from one large .npy, or from folders of .npy, in parts', async () => {
    const folder = temporaryFolder();
    for (const [name, array] of arraysOf(1, 500)) writeFileSync(join(folder, `${name}.npy`), encodeNpy(array));
    const { inMemory, stored } = await both(input({ path: folder, partition: 'iid' }));
    expect(await figuresOf(stored)).to.deep.equal(await figuresOf(inMemory));
  });

  it('come from images, one file each', async () => {
    const folder = temporaryFolder();
    for (const [label, name] of ['cat', 'dog'].entries()) {
      mkdirSync(join(folder, name));
      for (let i = 0; i < 4; i++) {
        const data = Uint8Array.from({ length: 110 * 110 * 3 }, (_, at) => (at * (i + 3 * label + 1)) % 256);
        writeFileSync(
          join(folder, name, `${i}.png`),
          encodePng({ width: 110, height: 110, channels: 3, depth: 8, data }),
        );
      }
    }
    const data = { name: 'image-folder', path: folder, testShare: 0.25, partition: 'iid' };
    const { inMemory, stored } = await both({ ...input({}), data, clients: 2 });
    expect(stored.fingerprint).to.deep.equal(inMemory.fingerprint);
    expect(stored.dataset.train.stored).to.not.equal(undefined);
  });

  /** Numbers, a column of 300 words (300 features) and one of owners; some rows lack a value. Row groups of so many rows. */
  function parquetOf(path: string, rows: number, rowGroupSize: number, seed = 0): string {
    const column = (of: (i: number) => unknown) => Array.from({ length: rows }, (_, i) => of(i));
    const columnData = [
      { name: 'small', type: 'DOUBLE', data: column((i) => (i % 50 === 3 ? null : Math.sin(i + seed) / 1e3)) },
      { name: 'large', type: 'INT64', data: column((i) => BigInt(i * i + seed)) },
      { name: 'word', type: 'STRING', data: column((i) => `w${(i * 7 + seed) % 300}`) },
      { name: 'owner', type: 'INT32', data: column((i) => Math.floor(i / 200)) },
      { name: 'class', type: 'STRING', data: column((i) => `c${(i + seed) % 3}`) },
    ] as ColumnSource[];
    writeFileSync(path, new Uint8Array(parquetWriteBuffer({ columnData, rowGroupSize })));
    return path;
  }

  const table = { name: 'parquet-table', categorical: 'one-hot', missing: 'drop', partition: 'iid' };

  it('come from row groups of a Parquet file, standardised, one-hot, without rows that lack a value, and by owner', async () => {
    const path = parquetOf(join(temporaryFolder(), 'all.parquet'), 1_200, 100);
    for (const more of [{ partition: 'iid' }, { partition: 'by-group', groupColumn: 'owner' }]) {
      const { inMemory, stored } = await both(input({ ...table, path, ...more }));
      expect(stored.dataset.decisions!.at(-1)).to.match(/^memory: 2 MiB of features are read from 12 parts .* 1 MiB/);
      expect(await figuresOf(stored)).to.deep.equal(await figuresOf(inMemory));
      expect(stored.dataset.groups).to.deep.equal(inMemory.dataset.groups);
    }
  });

  it('come from Parquet files, one a client', async () => {
    const folder = temporaryFolder();
    for (let client = 0; client < 4; client++)
      parquetOf(join(folder, `client-${client}.parquet`), 300 + client, 200, client);
    const { inMemory, stored } = await both(input({ ...table, path: folder, partition: 'by-group' }));
    expect(stored.dataset.train.stored).to.not.equal(undefined);
    expect(await figuresOf(stored)).to.deep.equal(await figuresOf(inMemory));
  });

  it('of a Parquet file are refused by name where a row group does not fit', async () => {
    const path = parquetOf(join(temporaryFolder(), 'one.parquet'), 1_000, 1_000);
    const refused = openProblem(await resolved(input({ ...table, path, memoryMiB: 1 }))).catch(
      ({ message }) => message,
    );
    expect(await refused).to.match(
      /ERR_DATA_FORMAT: .*one\.parquet: expected row groups of at most memoryMiB = 1 of features, got one of 2 MiB/,
    );
  });

  it('come from batches of CIFAR, standardised by channel', async () => {
    const folder = temporaryFolder();
    const batch = (count: number, seed: number) =>
      Uint8Array.from({ length: count * 3073 }, (_, at) =>
        at % 3073 === 0 ? ((at / 3073) * 7) % 10 : (at * at + seed * at) % 256,
      );
    for (const b of [1, 2]) writeFileSync(join(folder, `data_batch_${b}.bin`), batch(50 + b, b));
    writeFileSync(join(folder, 'test_batch.bin'), batch(10, 3));
    const data = { name: 'cifar', path: folder, partition: 'iid', trainCount: 100 };
    const scenario = input({});
    const { inMemory, stored } = await both({ ...scenario, data } as unknown as ScenarioInput);
    expect([stored.dataset.train.stored === undefined, stored.dataset.train.count]).to.deep.equal([false, 100]);
    expect(await figuresOf(stored)).to.deep.equal(await figuresOf(inMemory));
  });

  it('are refused by name where an objective keeps all of them, or where a part does not fit', async () => {
    const refusal = async (scenario: ScenarioInput) =>
      openProblem(await resolved(scenario)).then(
        () => 'nothing was thrown',
        (error: Error) => error.message,
      );
    const posterior = { objective: 'gaussian-mean', method: 'fedavg' };
    expect(await refusal(input({ path, memoryMiB: 1, partition: 'iid' }, posterior))).to.match(
      /ERR_OBJECTIVE: data: expected features in memory.*data\.memoryMiB to 2 or more/,
    );
    const file = join(temporaryFolder(), 'all.npz');
    const packed = [...arraysOf(0, 500)].map(([name, array]) => [`${name}.npy`, encodeNpy(array)] as const);
    writeFileSync(file, zipSync(Object.fromEntries(packed)));
    expect(await refusal(input({ path: file, memoryMiB: 1, partition: 'iid' }))).to.match(
      /ERR_DATA_FORMAT: .*all\.npz: expected arrays of more than memoryMiB = 1 that can be read in parts, got one of 2 MiB/,
    );
  });

  /** One small CSV file a client, more than 1 MiB as numbers. */
  function csvFiles(): string {
    const folder = temporaryFolder();
    const columns = Array.from({ length: 100 }, (_, i) => i);
    for (let client = 0; client < 40; client++) {
      const row = (i: number) => [...columns.map((c) => Math.sin(client + i * c).toFixed(4)), `k${i % 3}`].join();
      const rows = Array.from({ length: 80 }, (_, i) => row(i));
      writeFileSync(
        join(folder, `c${client}.csv`),
        [[...columns.map((c) => `x${c}`), 'kind'].join(), ...rows].join('\n'),
      );
    }
    return folder;
  }

  function images(): string {
    const folder = temporaryFolder();
    for (const name of ['cat', 'dog']) {
      mkdirSync(join(folder, name));
      for (let i = 0; i < 6; i++) {
        const data = Uint8Array.from({ length: 110 * 110 * 3 }, (_, at) => (at * (i + name.length)) % 256);
        writeFileSync(
          join(folder, name, `${i}.png`),
          encodePng({ width: 110, height: 110, channels: 3, depth: 8, data }),
        );
      }
    }
    return folder;
  }

  for (const [what, folder, data] of [
    ['numpy', clientFiles, { partition: 'by-group' }],
    ['csv-table', csvFiles, { name: 'csv-table', partition: 'by-group' }],
    ['image-folder', images, { name: 'image-folder', partition: 'iid', testShare: 0.3 }],
  ] as const) {
    const opened = async (path: string) =>
      openProblem(await resolved(input({ ...data, path, memoryMiB: 1 }, { clients: 2 })));
    const readAll = ({ dataset: { train } }: Problem) => {
      for (let row = 0; row < train.count; row++) train.stored!.row(row);
    };
    const filesIn = (folder: string) =>
      readdirSync(folder, { recursive: true, withFileTypes: true })
        .filter((entry) => entry.isFile())
        .map((entry) => join(entry.parentPath, entry.name));

    it(`${what}: name the file that was written since the run began, whatever is in it, and the one that is gone`, async () => {
      const path = folder();
      const problem = await opened(path);
      const files = filesIn(path);
      // The same bytes at another time: what a run has begun with does not show in its length.
      const later = new Date(Date.now() + 5_000);
      for (const file of files) utimesSync(file, later, later);
      expect(() => readAll(problem)).to.throw(
        /ERR_DATA_FORMAT: .*\.(npz|csv|png): expected the file that was there when the run began, got one that was written since/,
      );
      const again = await opened(path);
      for (const file of files) writeFileSync(file, 'x');
      expect(() => readAll(again)).to.throw(/ERR_DATA_FORMAT: .*\.(npz|csv|png)/);
      for (const file of files) rmSync(file);
      expect(() => readAll(again)).to.throw(/ERR_DATA_MISSING: .*\.(npz|csv|png): expected a file that can be read/);
    });
  }

  it('numpy: a file a client is opened once where all features fit, and else once more for the SHA-256', async () => {
    const folder = clientFiles();
    for (const [memoryMiB, times] of [
      [512, 1],
      [1, 2],
    ] as const) {
      const counts = await opensIn(folder, async () => {
        await openProblem(await resolved(input({ path: folder, memoryMiB, partition: 'by-group' })));
      });
      expect([...counts.values()], `${memoryMiB} MiB`).to.deep.equal(new Array(8).fill(times));
    }
  });

  it('held-out rows that fit stay in memory: an evaluation opens no file', async () => {
    const folder = clientFiles();
    const problem = await openProblem(await resolved(input({ path: folder, memoryMiB: 1, partition: 'by-group' })));
    const counts = await opensIn(folder, async () => {
      await problem.family.evaluate([problem.model.initialParams]);
    });
    expect([...counts.keys()]).to.deep.equal([]);
  });
});

describe('HeldRows', () => {
  const source = (reads: number[]) => ({
    width: 2,
    row: (index: number) => {
      reads.push(index);
      return Float32Array.of(index, -index);
    },
  });

  it('keeps the first rows that fit as they are read or offered beside others, and asks for the rest each time', () => {
    const reads: number[] = [];
    const rows = new HeldRows(source(reads), Uint32Array.of(3, 4, 9, 20), 3 * 8);
    expect(rows.bytes).to.equal(24);
    // Rows 4 to 9: of the four, the second and the third.
    rows.offer(
      4,
      Float32Array.from({ length: 12 }, (_, i) => 4 + (i >> 1)),
    );
    for (let pass = 0; pass < 2; pass++)
      expect([0, 1, 2, 3].map((index) => rows.row(index)[0])).to.deep.equal([3, 4, 9, 20]);
    expect(reads).to.deep.equal([3, 20, 20]);
  });
});

describe('KeptRows', () => {
  it('gives back rows that are longer together than a piece of memory, and forgets all where one list more does not fit', () => {
    const room = new Room(16);
    const [one, other] = [room.list(), room.list()];
    const width = 700;
    const rows = 2_001;
    expect(room.take(rows * width)).to.equal(true);
    for (let first = 0; first < rows; first += 667)
      one.push(
        Float32Array.from({ length: 667 * width }, (_, i) => first + Math.floor(i / width)),
        width,
      );
    expect([one.count, one.width]).to.deep.equal([rows, width]);
    for (const row of [0, 1_000, 1_497, 1_498, 2_000]) {
      const { first, count } = one.blockOf(row);
      expect(one.read(first, count)[(row - first) * width], `row ${row}`).to.equal(row);
    }
    expect(room.take(2 ** 22)).to.equal(false);
    expect([room.isFull, room.take(1)]).to.deep.equal([true, false]);
    expect(() => one.read(1_498, 1)).to.throw(TypeError);
    expect(other.count).to.equal(0);
  });
});

describe('BlockCache', () => {
  it('keeps blocks up to its bytes, drops the one that was used longest ago, and reads a block once while it is kept', () => {
    const reads: number[] = [];
    const cache = new BlockCache(
      {
        width: 2,
        blockOf: (row) => ({ first: row - (row % 4), count: 4 }),
        read: (first, count) => {
          reads.push(first);
          return Float32Array.from({ length: 2 * count }, (_, i) => 2 * first + i);
        },
      },
      2 * 4 * 2 * 4,
    );
    expect(Array.from(cache.row(5))).to.deep.equal([10, 11]);
    for (const row of [0, 7, 3, 9, 1, 6]) expect(cache.row(row)[0]).to.equal(2 * row);
    expect(reads).to.deep.equal([4, 0, 8, 4]);
  });

  it('does not let examples be taken for ones in memory', () => {
    const stored = { width: 3, row: () => new Float32Array(3) };
    const examples = storedExamples({ count: 2, stored, labels: Int32Array.of(0, 1), targets: new Float64Array(0) });
    expect(() => examples.features).to.throw(/ERR_OBJECTIVE.*2 x 3 of them that are read as clients compute/);
  });
});

describe('openNpz', () => {
  it('refuses what is cut short or no archive, and names the file', () => {
    const folder = temporaryFolder();
    const bytes = encodeNpz(arraysOf(0, 2));
    for (const [name, content] of [
      ['text', strToU8('no archive')],
      ['cut', bytes.subarray(0, bytes.length - 30)],
      ['deflated', deflateRawSync(bytes)],
      ['empty', new Uint8Array(0)],
    ] as const) {
      const path = join(folder, `${name}.npz`);
      writeFileSync(path, content);
      expect(() => openNpz(path), name).to.throw(
        new RegExp(`ERR_DATA_FORMAT: .*${name}\\.npz: expected an \\.npz archive`),
      );
    }
  });
});
