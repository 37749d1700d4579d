import '../../support/loaded-rules.js';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { expect } from 'chai';
import { rootStream } from '../../../protocol/numerics/random.js';
import { poolImages } from '../../../worker/datasets/image-pooling.js';
import { loadDataset } from '../../support/load-dataset.js';
import { refuses } from './refusal.js';

const rng = rootStream(1, 'float32');

/** Header and bytes of an IDX file with these lengths. */
function idx(lengths: readonly number[], bytes: readonly number[], magic = 0x800 + lengths.length): Uint8Array {
  const file = new Uint8Array(4 + 4 * lengths.length + bytes.length);
  const view = new DataView(file.buffer);
  view.setUint32(0, magic);
  for (let i = 0; i < lengths.length; i++) view.setUint32(4 + 4 * i, lengths[i]!);
  file.set(bytes, 4 + 4 * lengths.length);
  return file;
}

const NINE = [1, 2, 3, 4, 5, 6, 7, 8, 9];
const good = (): Record<string, Uint8Array> => ({
  'train-images-idx3-ubyte': idx([2, 3, 3], [...NINE, ...NINE.map((x) => 255 - x)]),
  'train-labels-idx1-ubyte': idx([2], [4, 1]),
  't10k-images-idx3-ubyte': idx([1, 3, 3], NINE),
  // 5 follows the largest training label, 4: the number of classes must not stop at 5.
  't10k-labels-idx1-ubyte': idx([1], [5]),
});

describe('worker/datasets/idx-images', () => {
  let folder = '';
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'gradswarm-idx-'));
  });
  afterEach(() => {
    rmSync(folder, { recursive: true });
  });

  const write = (files: Record<string, Uint8Array>) => {
    for (const [name, bytes] of Object.entries(files)) writeFileSync(join(folder, name), bytes);
  };
  const load = (settings = {}) => loadDataset({ name: 'idx-images', folder, ...settings }, rng);

  it('reads four files; classes reach from 0 to the largest label of both parts; pixels are bytes / 255', () => {
    write(good());
    const { train, test, featureShape, classCount } = load();
    expect(featureShape).to.deep.equal([3, 3, 1]);
    expect(classCount).to.equal(6);
    expect([...train.labels, ...test.labels]).to.deep.equal([4, 1, 5]);
    expect(train.features[9]).to.be.closeTo(254 / 255, 1e-7);
    expect(test.features[8]).to.be.closeTo(9 / 255, 1e-7);
  });

  it('gzipped files and plain files give the same examples', () => {
    write(good());
    const plain = load();
    rmSync(folder, { recursive: true });
    folder = mkdtempSync(join(tmpdir(), 'gradswarm-idx-'));
    write(Object.fromEntries(Object.entries(good()).map(([name, bytes]) => [`${name}.gz`, gzipSync(bytes)])));
    expect(load()).to.deep.equal({ ...plain, source: `IDX files in ${folder}` });
  });

  it('the first images of a file are those of the whole file, plain and gzipped', () => {
    for (const pack of [(bytes: Uint8Array) => bytes, gzipSync]) {
      write(Object.fromEntries(Object.entries(good()).map(([name, bytes]) => [name, pack(bytes)])));
      const { train, classCount } = load({ trainCount: 1 });
      expect([...train.features]).to.deep.equal([...load().train.features.subarray(0, 9)]);
      expect([train.count, classCount]).to.deep.equal([1, 6]);
    }
  });

  it('3 x 3 -> 2 x 2 area pooling of 1 ... 9 by hand: 21/9, 33/9, 57/9, 69/9 (a split pixel counts by its area)', () => {
    const pooled = poolImages(
      Uint8Array.from([0, 0, 0, 0, 0, 0, 0, 0, 0, ...NINE]),
      3,
      3,
      [2, 2],
      Uint32Array.of(1),
      9,
    );
    expect([...pooled].map((x) => Math.floor(x * 1000 + 0.5) / 1000)).to.deep.equal([21, 33, 57, 69]);
  });

  it('4 x 2 -> 2 x 1 pooling is the plain mean of 2 x 2 blocks: height and width are not swapped', () => {
    expect([
      ...poolImages(Uint8Array.from([1, 2, 3, 4, 5, 6, 7, 8]), 4, 2, [2, 1], Uint32Array.of(0), 1),
    ]).to.deep.equal([2.5, 6.5]);
  });

  it('a truncated image file names file, expected and present bytes', () => {
    const files = good();
    write({ ...files, 'train-images-idx3-ubyte': files['train-images-idx3-ubyte']!.slice(0, -5) });
    refuses(load, 'ERR_DATA_FORMAT', /train-images-idx3-ubyte/, /expected 18 bytes/, /got 13/);
  });

  it('a file cut inside its header, one with extra bytes and a cut gzip stream are refused', () => {
    const files = good();
    write({ ...files, 't10k-labels-idx1-ubyte': new Uint8Array(5) });
    refuses(load, 'ERR_DATA_FORMAT', /t10k-labels/, /header of 8 bytes/, /5 bytes/);
    write({ ...files, 't10k-labels-idx1-ubyte': idx([1], [6, 6]) });
    refuses(load, 'ERR_DATA_FORMAT', /t10k-labels/, /expected 1 bytes/, /got 2/);
    write({ ...files, 't10k-labels-idx1-ubyte': gzipSync(files['t10k-labels-idx1-ubyte']!).subarray(0, 15) });
    refuses(load, 'ERR_DATA_FORMAT', /t10k-labels/, /gzip/);
  });

  it('a wrong magic number is shown in hex beside the expected one', () => {
    write({ ...good(), 'train-labels-idx1-ubyte': idx([2], [4, 1], 0xd01) });
    refuses(load, 'ERR_DATA_FORMAT', /train-labels/, /0x00000801/, /0x00000d01/);
  });

  it('image and label counts that differ are refused', () => {
    write({ ...good(), 'train-labels-idx1-ubyte': idx([3], [4, 1, 1]) });
    refuses(load, 'ERR_DATA_FORMAT', /train-labels/, /2 images/, /got 3/);
  });

  it('test images of another shape are refused', () => {
    write({ ...good(), 't10k-images-idx3-ubyte': idx([1, 3, 2], [1, 2, 3, 4, 5, 6]) });
    refuses(load, 'ERR_DATA_FORMAT', /t10k-images/, /3 x 3/, /3 x 2/);
  });

  it('a missing folder, a missing file and no folder at all say what was looked for', () => {
    refuses(() => load({ folder: join(folder, 'none') }), 'ERR_DATA_MISSING', /none/);
    refuses(() => load({ folder: '' }), 'ERR_DATA_MISSING', /'folder'/);
    const { 't10k-labels-idx1-ubyte': _, ...three } = good();
    write(three);
    refuses(load, 'ERR_DATA_MISSING', /expected one file named like 't10k-labels-idx1-ubyte', .* got none/);
  });

  it('fashion-mnist reads the same files from a named folder and names its ten classes', () => {
    write(good());
    const { classNames, classCount } = loadDataset({ name: 'fashion-mnist', folder }, rng);
    expect(classNames?.length).to.equal(10);
    expect(classNames?.[9]).to.equal('ankle boot');
    expect(classCount).to.equal(10);
    refuses(
      () => loadDataset({ name: 'fashion-mnist', folder: join(folder, 'none') }, rng),
      'ERR_DATA_MISSING',
      /dataset-fashion-mnist/,
    );
  });
});
