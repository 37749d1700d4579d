import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { expect } from 'chai';
import { encode as encodePng } from 'fast-png';
import { encode as encodeJpeg } from 'jpeg-js';
import { rootStream } from '../../../protocol/numerics/random.js';
import { encodeNpy } from '../../../worker/arrays/npy.js';
import { encodeNpz } from '../../../worker/arrays/npz.js';
import type { NumberArray } from '../../../worker/arrays/number-array.js';
import { datasets } from '../../../worker/datasets/load.js';
import { sound } from '../../../worker/datasets/sound.js';
import { storedExamples } from '../../../worker/datasets/stored-rows.js';
import { loadDataset } from '../../support/load-dataset.js';

const root = mkdtempSync(join(tmpdir(), 'gradswarm-files-'));
after(() => rmSync(root, { recursive: true, force: true }));

function put(path: string, bytes: Uint8Array | string): void {
  mkdirSync(dirname(join(root, path)), { recursive: true });
  writeFileSync(join(root, path), bytes);
}

async function load(name: string, path: string, settings: object = {}) {
  const spec = { name, path: join(root, path), ...settings };
  await datasets.loadSpec(spec);
  return loadDataset(spec, rootStream(1, 'float32').derive('data'));
}

const messageOf = (loading: Promise<unknown>) =>
  loading.then(
    () => 'nothing was thrown',
    (error: Error) => error.message,
  );

const grey = (side: number, value: number) =>
  encodePng({ width: side, height: side, channels: 1, depth: 8, data: new Uint8Array(side * side).fill(value) });

describe('image-folder', () => {
  it('reads PNG of grey, colour, transparency and 16 bits, and JPEG, by class folder, in [0, 1]', async () => {
    const rgb = Uint8Array.of(255, 0, 0, 0, 255, 0, 0, 0, 255, 51, 102, 153);
    put('colours/a/rgb.png', encodePng({ width: 2, height: 2, channels: 3, depth: 8, data: rgb }));
    put(
      'colours/a/rgba.png',
      encodePng({ width: 2, height: 2, channels: 4, depth: 8, data: new Uint8Array(16).fill(51) }),
    );
    put(
      'colours/b/deep.png',
      encodePng({ width: 2, height: 2, channels: 1, depth: 16, data: new Uint16Array(4).fill(13107) }),
    );
    const jpeg = encodeJpeg({ width: 2, height: 2, data: Buffer.alloc(16, 255) }, 100).data;
    put('colours/b/white.jpg', jpeg);
    put('colours/b/notes.txt', 'no image');
    const { train, test, ...rest } = await load('image-folder', 'colours', { testShare: 0.25 });
    expect(rest).to.deep.include({ featureShape: [2, 2, 3], classCount: 2, classNames: ['a', 'b'] });
    expect(train.count + test.count).to.equal(4);
    const images = [train, test].flatMap(({ features, labels }) =>
      Array.from(labels, (label, i) => ({ label, pixels: Array.from(features.subarray(12 * i, 12 * i + 12)) })),
    );
    const find = (label: number, first: number) =>
      images.find((image) => image.label === label && Math.abs(image.pixels[0]! - first) < 1e-6)!.pixels;
    expect(find(0, 1)).to.deep.equal(Array.from(Float32Array.from(rgb, (value) => value / 255)));
    expect(find(0, 0.2)).to.have.length(12);
    expect(find(1, 0.2)).to.deep.equal(new Array(12).fill(Math.fround(0.2)));
    expect(find(1, 1)).to.deep.equal(new Array(12).fill(1));
  });

  it('takes train and test from folders of these names, as luminance, resized by means over areas', async () => {
    const half = Uint8Array.from({ length: 16 }, (_, i) => (i % 4 < 2 ? 0 : 255));
    for (const name of ['cat', 'dog']) {
      put(`split/train/${name}/1.png`, encodePng({ width: 4, height: 4, channels: 1, depth: 8, data: half }));
      put(`split/train/${name}/2.png`, grey(3, 255));
    }
    put('split/test/dog/1.png', grey(2, 51));
    const { train, test, featureShape } = await load('image-folder', 'split', { size: 2, channels: 1 });
    expect(featureShape).to.deep.equal([2, 2, 1]);
    expect(Array.from(train.features.subarray(0, 8))).to.deep.equal([0, 1, 0, 1, 1, 1, 1, 1]);
    expect(Array.from(train.labels)).to.deep.equal([0, 0, 1, 1]);
    expect(Array.from(test.labels)).to.deep.equal([1]);
    expect(test.features[0]).to.be.closeTo(0.2, 1e-6);
  });

  it('names the file that is no image or of another size, and the folder that has no classes', async () => {
    put('odd/a/1.png', grey(2, 0));
    put('odd/b/1.png', grey(3, 0));
    expect(await messageOf(load('image-folder', 'odd', { testShare: 0.5 }))).to.match(
      /ERR_DATA_FORMAT: .*odd.*3 x 3.*set 'size'|2 x 2.*set 'size'/,
    );
    put('broken/a/1.png', 'text');
    put('broken/b/1.png', grey(2, 0));
    expect(await messageOf(load('image-folder', 'broken', { testShare: 0.5 }))).to.match(
      /broken\/a\/1\.png: expected a PNG or JPEG/,
    );
    put('empty/1.png', grey(2, 0));
    expect(await messageOf(load('image-folder', 'empty'))).to.match(/got 0 folders with 0 images/);
    expect(await messageOf(load('image-folder', 'nowhere'))).to.match(/ERR_DATA_MISSING/);
  });
});

describe('image-folder, of files as people have them,', () => {
  const six = (folder: string) => {
    for (const name of ['a', 'b']) for (let i = 0; i < 3; i++) put(`${folder}/${name}/${i}.png`, grey(2, 40 * i));
  };

  it('passes over hidden files, and names what it leaves out and the class without an image', async () => {
    six('mixed');
    for (const name of ['a/._0.png', 'a/.DS_Store', '.git/x/1.png', 'a/clip.webp', 'b/deep/1.png', 'b/list.png/1.png'])
      put(`mixed/${name}`, 'x');
    mkdirSync(join(root, 'mixed/none'));
    const { train, test, classNames, decisions } = await load('image-folder', 'mixed', { testShare: 0.5 });
    expect([train.count + test.count, classNames]).to.deep.equal([6, ['a', 'b', 'none']]);
    expect(decisions!.join('\n')).to.match(/without an image to train: 1 classes \(none\)/);
    expect(decisions!.join('\n')).to.match(
      /left out: 3 that are no PNG or JPEG \(a\/clip\.webp, b\/deep, b\/list\.png\)/,
    );
  });

  it('reads an image by what it begins with, and refuses one whose checksum is wrong, an empty one and a dead link', async () => {
    six('named');
    put('named/a/x.png', encodeJpeg({ width: 2, height: 2, data: Buffer.alloc(16, 255) }, 100).data);
    put('named/b/x.JPG', grey(2, 255));
    expect((await load('image-folder', 'named', { testShare: 0.5 })).train.count).to.equal(4);
    const damaged = grey(2, 1);
    damaged[damaged.length - 20]! ^= 1;
    put('named/a/damaged.png', damaged);
    expect(await messageOf(load('image-folder', 'named', { testShare: 0.5 }))).to.match(
      /ERR_DATA_FORMAT: .*a\/damaged\.png: .*CRC mismatch/,
    );
    put('named/a/damaged.png', '');
    expect(await messageOf(load('image-folder', 'named', { testShare: 0.5 }))).to.match(
      /a\/damaged\.png: expected a PNG or JPEG image: it is empty/,
    );
    rmSync(join(root, 'named/a/damaged.png'));
    for (const [name, image, at] of [
      ['large.png', encodePng({ width: 2, height: 2, channels: 1, depth: 8, data: new Uint8Array(4) }), 16],
      ['large.jpg', encodeJpeg({ width: 2, height: 2, data: Buffer.alloc(16, 255) }, 100).data, null],
    ] as const) {
      const file = Buffer.from(image);
      // As a file is that unpacks to gigabytes: its stated sides are looked at before anything is unpacked.
      if (at === null) file.writeUInt32BE(0xc350_c351, file.indexOf(Buffer.of(0xff, 0xc0)) + 5);
      else file.writeUInt32BE(0xc351, file.writeUInt32BE(0xc350, at));
      put(`named/a/${name}`, file);
      expect(await messageOf(load('image-folder', 'named', { testShare: 0.5 }))).to.match(
        /ERR_DATA_FORMAT: .*a\/large\.(png|jpg): .*it has 5000[01] x 5000[01] pixels, which need \d+ MB, more than 750/,
      );
      rmSync(join(root, `named/a/${name}`));
    }
    // 6,600 x 6,600 pixels fit with 8 bits and one channel, and not with 16 bits and four: the bytes count.
    for (const [depth, channels, fits] of [
      [8, 1, true],
      [16, 4, false],
    ] as const) {
      const samples = new (depth === 8 ? Uint8Array : Uint16Array)(4 * channels);
      const file = Buffer.from(encodePng({ width: 2, height: 2, channels, depth, data: samples }));
      file.writeUInt32BE(6600, file.writeUInt32BE(6600, 16));
      put('named/a/deep.png', file);
      const message = await messageOf(load('image-folder', 'named', { testShare: 0.5 }));
      // The smaller one is damaged, and gets as far as that.
      expect(message).to.match(fits ? /deep\.png: .*CRC/ : /deep\.png: .*6600 x 6600 pixels, which need 871 MB/);
      rmSync(join(root, 'named/a/deep.png'));
    }
    symlinkSync('nowhere.png', join(root, 'named/a/dead.png'));
    expect(await messageOf(load('image-folder', 'named', { testShare: 0.5 }))).to.match(
      /ERR_DATA_MISSING: .*a\/dead\.png: expected a file that can be read/,
    );
  });

  it('refuses a class that is held out and not trained', async () => {
    six('halves/train');
    put('halves/test/A/1.png', grey(2, 0));
    expect(await messageOf(load('image-folder', 'halves'))).to.match(
      /ERR_DATA_FORMAT: .*test\/A: expected one of the classes in 'train' \(a, b\), got 'A'/,
    );
  });
});

describe('cifar', () => {
  const record = (labels: readonly number[], value: (c: number, i: number) => number) =>
    Uint8Array.from([...labels, ...[0, 1, 2].flatMap((c) => Array.from({ length: 1024 }, (_, i) => value(c, i)))]);

  it('reads the planes of CIFAR-10 as pixels of three channels, batch after batch, and the names of classes', async () => {
    put(
      'ten/data_batch_1.bin',
      record([3], (c, i) => (c === 1 && i === 33 ? 255 : 0)),
    );
    put(
      'ten/data_batch_2.bin',
      record([9], (c) => 51 * c),
    );
    put(
      'ten/test_batch.bin',
      record([0], () => 255),
    );
    put('ten/batches.meta.txt', `${Array.from({ length: 10 }, (_, i) => `class${i}`).join('\n')}\n\n`);
    const { train, test, classNames, featureShape } = await load('cifar', 'ten', { standardise: false });
    expect([featureShape, classNames![9], ...train.labels]).to.deep.equal([[32, 32, 3], 'class9', 3, 9]);
    // Row 1, column 1, green.
    expect(train.features.indexOf(1)).to.equal(3 * 33 + 1);
    expect(Array.from(train.features.subarray(3072, 3075))).to.deep.equal(Array.from(Float32Array.of(0, 0.2, 0.4)));
    expect(test.features.every((value) => value === 1)).to.equal(true);
    expect((await load('cifar', 'ten', { trainCount: 1 })).train.count).to.equal(1);
    const even = await load('cifar', 'ten');
    const blue = even.train.features.filter((_, i) => i % 3 === 2);
    expect(blue.reduce((sum, value) => sum + value, 0)).to.be.closeTo(0, 1e-3);
    expect(blue.reduce((sum, value) => sum + value ** 2, 0) / blue.length).to.be.closeTo(1, 1e-4);
  });

  it('reads both labels of CIFAR-100, and refuses files that are cut short', async () => {
    put(
      'hundred/train.bin',
      record([19, 99], () => 0),
    );
    put(
      'hundred/test.bin',
      record([0, 1], () => 0),
    );
    expect((await load('cifar', 'hundred')).train.labels[0]).to.equal(99);
    expect((await load('cifar', 'hundred', { labels: 'coarse' })).train.labels[0]).to.equal(19);
    put('cut/data_batch_1.bin', record([1], () => 0).subarray(1));
    put(
      'cut/test_batch.bin',
      record([1], () => 0),
    );
    expect(await messageOf(load('cifar', 'cut'))).to.match(
      /data_batch_1\.bin: expected records of 3073 bytes, got 3072/,
    );
    expect(await messageOf(load('cifar', 'none'))).to.match(/ERR_DATA_MISSING/);
  });
});

describe('numpy', () => {
  const array = (shape: readonly number[], ...values: number[]): NumberArray => ({
    shape,
    values: Float32Array.from(values),
  });

  it('reads an .npz as Keras packs data, or the same arrays as .npy files, with equal numbers', async () => {
    const arrays = new Map([
      ['x_train', array([2, 1, 2], 0, 255, 255, 0)],
      ['y_train', array([2], 1, 2)],
      ['x_test', array([1, 1, 2], 51, 51)],
      ['y_test', array([1, 1], 0)],
    ]);
    put('keras.npz', encodeNpz(arrays));
    for (const [name, one] of arrays) put(`npy/${name}.npy`, encodeNpy(one));
    const packed = await load('numpy', 'keras.npz', { scale: 1 / 255 });
    expect(packed).to.deep.include({ featureShape: [1, 2], classCount: 3 });
    expect([...packed.train.features, ...packed.test.features].map(Math.fround)).to.deep.equal(
      [0, 1, 1, 0, 0.2, 0.2].map(Math.fround),
    );
    const { source: _, ...loose } = await load('numpy', 'npy', { scale: 1 / 255 });
    const { source: __, ...same } = packed;
    expect(loose).to.deep.equal(same);
  });

  it('splits by the seed where nothing is held out, reads owners from an array, and targets of a regression', async () => {
    const count = 20;
    const numbers = Array.from({ length: count }, (_, i) => i);
    put(
      'own.npz',
      encodeNpz(
        new Map([
          ['x', array([count, 1], ...numbers)],
          ['y', array([count], ...numbers)],
          ['who', array([count], ...numbers.map((i) => 7 * (i % 2)))],
        ]),
      ),
    );
    const names = { features: 'x', labels: 'y', groups: 'who', task: 'regression' };
    const { train, test, groups, groupNames, classCount } = await load('numpy', 'own.npz', names);
    expect([train.count, test.count, classCount, groupNames]).to.deep.equal([16, 4, 0, ['0', '7']]);
    for (const [i, value] of train.features.entries()) {
      expect(train.targets[i]).to.equal(value);
      expect(groups![i]).to.equal(value % 2);
    }
  });

  it('gives each file of a folder its own client', async () => {
    const file = (first: number) =>
      encodeNpz(
        new Map([
          ['x_train', array([2, 1], first, first)],
          ['y_train', array([2], 0, 1)],
          ['x_test', array([1, 1], first)],
          ['y_test', array([1], 1)],
        ]),
      );
    put('clients/anna.npz', file(1));
    put('clients/bert.npz', file(2));
    const { train, test, groups, groupNames } = await load('numpy', 'clients');
    expect([...groups!].map((group) => groupNames![group])).to.deep.equal(['anna', 'anna', 'bert', 'bert']);
    expect(Array.from(train.features)).to.deep.equal([1, 1, 2, 2]);
    expect(Array.from(test.features)).to.deep.equal([1, 2]);
  });

  it('names the array that is missing or of another length', async () => {
    put(
      'short.npz',
      encodeNpz(
        new Map([
          ['x_train', array([2, 1], 1, 2)],
          ['y_train', array([1], 1)],
        ]),
      ),
    );
    expect(await messageOf(load('numpy', 'short.npz'))).to.match(/'y_train' with one number for each of the 2 rows/);
    expect(await messageOf(load('numpy', 'short.npz', { features: 'x' }))).to.match(
      /an array 'x', got x_train, y_train/,
    );
    put(
      'negative.npz',
      encodeNpz(
        new Map([
          ['x_train', array([4, 1], 1, 2, 3, 4)],
          ['y_train', array([4], -1, 0, 1, 1)],
        ]),
      ),
    );
    expect(await messageOf(load('numpy', 'negative.npz', { testShare: 0.5 }))).to.match(
      /classes 0, 1, 2 … in 'y_train', got -1 at 0; set task: 'regression'/,
    );
    expect(await messageOf(load('numpy', 'none.npz'))).to.match(/ERR_DATA_MISSING/);
  });

  const sixRows = array([6, 2], ...Array.from({ length: 12 }, (_, i) => i));
  const problems: Record<string, readonly [Record<string, NumberArray>, RegExp]> = {
    'a label that is no whole number': [
      { y_train: array([6], 0, 1, 0.5, 1, 0, 1) },
      /classes 0, 1, 2 … in 'y_train', got 0\.5 at 2; set task: 'regression' if they are numbers to predict/,
    ],
    'a label that is NaN': [
      { y_train: array([6], 0, 1, 0, Number.NaN, 0, 1) },
      /classes 0, 1, 2 … in 'y_train', got NaN at 3$/,
    ],
    'more classes than examples': [
      { y_train: array([6], 0, 1, 0, 900, 0, 1) },
      /classes 0, 1, 2 … without gaps, got class 900 among 6 examples/,
    ],
    'one class': [{ y_train: array([6], 0, 0, 0, 0, 0, 0) }, /examples of at least 2 classes, got class 0 alone/],
    'a feature that is NaN': [
      { x_train: array([6, 2], 0, 1, 2, 3, 4, 5, 6, Number.NaN, 8, 9, 10, 11) },
      /finite numbers within 3\.4e38 in 'x_train', got NaN in row 3/,
    ],
    'a feature beyond single precision': [
      { x_train: { shape: [6, 2], values: Float64Array.from({ length: 12 }, (_, i) => (i === 9 ? 1e300 : i)) } },
      /finite numbers within 3\.4e38 in 'x_train', got 1e\+300 in row 4/,
    ],
    'held-out examples of another shape': [
      { x_test: array([2, 3], 1, 2, 3, 4, 5, 6), y_test: array([2], 0, 1) },
      /rows of shape \(2\) in 'x_test', as in 'x_train', got \(3\)/,
    ],
    'owners beyond 2^53, which would be one': [
      { owner: { shape: [6], values: Float64Array.from({ length: 6 }, (_, i) => 2 ** 53 + 2 * i) } },
      /whole numbers below 2\^53 in 'owner', got 9007199254740992 at 0/,
    ],
    'no example': [
      { x_train: array([0, 2]), y_train: array([0]) },
      /expected at least 2 rows, some to train and some to test, got 0/,
    ],
  };
  for (const [what, [changes, message]] of Object.entries(problems))
    it(`refuses ${what}`, async () => {
      const file = `${what.replace(/\W/g, '-')}.npz`;
      put(
        file,
        encodeNpz(
          new Map(
            Object.entries({
              x_train: sixRows,
              y_train: array([6], 0, 1, 0, 1, 0, 1),
              owner: array([6], 0, 0, 1, 1, 2, 2),
              ...changes,
            }),
          ),
        ),
      );
      expect(await messageOf(load('numpy', file, { groups: 'owner' }))).to.match(message);
    });

  it('counts classes, and names those without an example to train', async () => {
    put(
      'gaps.npz',
      encodeNpz(
        new Map([
          ['x_train', sixRows],
          ['y_train', array([6], 0, 4, 0, 4, 0, 4)],
          ['x_test', array([2, 2], 1, 2, 3, 4)],
          ['y_test', array([2], 0, 3)],
        ]),
      ),
    );
    expect((await load('numpy', 'gaps.npz')).decisions).to.include.members([
      'classes: 5',
      'without an example to train: 3 classes (1, 2, 3)',
    ]);
  });

  it('names the type of an array of texts or of Python objects', async () => {
    for (const type of ['<U1', '|O', '<c16', '<M8[ns]']) {
      const file = encodeNpy(array([2], 1, 2));
      const text = new TextDecoder('latin1').decode(file).replace("'<f4'", `'${type}'`);
      const header = text.indexOf('{');
      const end = text.indexOf('\n');
      const padded = text
        .slice(header, end)
        .trimEnd()
        .padEnd(end - header)
        .slice(0, end - header);
      const bytes = Uint8Array.from(`${text.slice(0, header)}${padded}\n${text.slice(end + 1)}`, (c) =>
        c.charCodeAt(0),
      );
      put(`typed-${type.charCodeAt(1)}/x_train.npy`, bytes);
      put(`typed-${type.charCodeAt(1)}/y_train.npy`, encodeNpy(array([2], 0, 1)));
      const message = await messageOf(load('numpy', `typed-${type.charCodeAt(1)}`));
      expect(message).to.include('expected numbers of one of f2, f4, f8').and.include(`got '${type}'`);
    }
  });
});

describe('a data set of one’s own', () => {
  const rows = (features: number[], labels: number[], targets: number[] = []) => ({
    count: 2,
    features: Float32Array.from(features),
    labels: Int32Array.from(labels),
    targets: Float64Array.from(targets),
  });
  const whole = { name: 'mine', source: 'a test', featureShape: [2], classCount: 2 };
  const good = rows([1, 2, 3, 4], [0, 1]);

  it('is taken as it is where it holds what it says', () => {
    expect(sound({ ...whole, train: good, test: good })).to.deep.equal({ ...whole, train: good, test: good });
    const numbers = {
      ...whole,
      classCount: 0,
      train: rows([1, 2, 3, 4], [], [0.5, 1]),
      test: rows([1, 2, 3, 4], [], [2, 3]),
    };
    expect(sound(numbers)).to.deep.equal(numbers);
  });

  const faults: readonly (readonly [string, ReturnType<typeof rows>, object, RegExp])[] = [
    [
      'features of another count',
      rows([1, 2, 3], [0, 1]),
      {},
      /2 x 2 features in 'train', as featureShape \(2\) says, got 3/,
    ],
    ['too few labels', rows([1, 2, 3, 4], [0]), {}, /one of 'train\.labels' for each of the 2 examples, got 1/],
    [
      'a class that there is not',
      rows([1, 2, 3, 4], [0, 2]),
      {},
      /classes from 0 to 1 in 'train\.labels', got 2 for example 1/,
    ],
    [
      'a target that is no number',
      rows([1, 2, 3, 4], [], [1, Number.NaN]),
      { classCount: 0 },
      /finite numbers in 'train\.targets', got NaN for example 1/,
    ],
    [
      'a feature that is no number',
      rows([1, 2, Number.POSITIVE_INFINITY, 4], [0, 1]),
      {},
      /finite numbers in 32 bits in 'train\.features', got Infinity in example 1/,
    ],
    [
      'a code that the vocabulary has not',
      rows([1, 2, 3, 4], [0, 1]),
      { vocabulary: 4 },
      /whole numbers below 4 in 'train\.features', got 4 in example 1/,
    ],
  ];
  for (const [what, train, changes, message] of faults)
    it(`is refused with ${what}`, () => {
      expect(() => sound({ ...whole, ...changes, train, test: good })).to.throw(message);
    });

  it('is looked at row by row where features are read when they are needed', () => {
    const stored = { width: 2, row: (index: number) => Float32Array.of(1, index === 1 ? Number.NaN : 2) };
    const { labels, targets } = good;
    const { train } = sound({ ...whole, train: storedExamples({ count: 2, stored, labels, targets }), test: good });
    expect(Array.from(train.stored!.row(0))).to.deep.equal([1, 2]);
    expect(() => train.stored!.row(1)).to.throw(/finite numbers in 32 bits in 'train\.features', got NaN in example 1/);
    expect(() => train.features).to.throw('expected features in memory');
  });
});
