import { expect } from 'chai';
import { rootStream } from '../../../../protocol/numerics/random.js';
import { composedEpsilon } from '../../../../protocol/privacy/accounting/accountant.js';
import {
  EMPTY_NOISE_TREE,
  growNoiseTree,
  type NoiseTreeState,
  prefixNoise,
  treeDepth,
} from '../../../../protocol/privacy/accounting/tree-aggregation.js';
import { SeededNoise } from '../../../../protocol/privacy/mechanisms/noise-source.js';
import { chiSquareBounds } from '../statistics.js';

const bitCount = (n: number) => n.toString(2).replaceAll('0', '').length;

describe('protocol/privacy/tree-aggregation', () => {
  it('prefix t is the sum of the nodes in the binary decomposition of t, each made once (t up to 200)', () => {
    const nodes = new Map<string, number>();
    let tree: NoiseTreeState = EMPTY_NOISE_TREE;
    for (let t = 1; t <= 200; t++) {
      tree = growNoiseTree(tree, ({ level, firstLeaf }) => {
        const key = `${level} ${firstLeaf}`;
        expect(nodes.has(key)).to.equal(false);
        expect(firstLeaf % 2 ** level).to.equal(0);
        nodes.set(key, 1 + Math.sin(nodes.size));
        return Float64Array.of(nodes.get(key)!);
      });
      let expected = 0;
      let leaf = 0;
      for (let level = 10; level >= 0; level--) {
        if (!((t >> level) & 1)) continue;
        expected += nodes.get(`${level} ${leaf}`)!;
        leaf += 2 ** level;
      }
      expect(leaf).to.equal(t);
      expect(prefixNoise(tree, 1)[0]).to.be.closeTo(expected, 1e-12);
      expect(tree.levels.filter(Boolean)).to.have.length(bitCount(t));
    }
    expect(tree.levels.length).to.equal(treeDepth(200));
  });

  it('the noise of prefix t has variance popcount(t) (zC)^2: chi-square at 1e-6, 3,000 coordinates, stddev 3, seed 61', () => {
    const source = new SeededNoise(rootStream(61, 'float64'));
    let tree: NoiseTreeState = EMPTY_NOISE_TREE;
    const [low, high] = chiSquareBounds(3000);
    let planted = 0;
    for (let t = 1; t <= 40; t++) {
      tree = growNoiseTree(tree, ({ level, firstLeaf }) => source.derive(level, firstLeaf).gaussian(3000, 3));
      const square = prefixNoise(tree, 3000).reduce((sum, x) => sum + x * x, 0);
      expect(square / (9 * bitCount(t)), `prefix ${t}`).to.be.within(low, high);
      // Planted: independent noise on every step would give t (zC)^2, right for t = 1 only.
      if (square / (9 * t) > low) planted++;
    }
    expect(planted).to.equal(1);
  });

  it('growing a tree leaves the old state as it was: an abandoned attempt starts again from it', () => {
    const one = growNoiseTree(EMPTY_NOISE_TREE, () => Float64Array.of(1));
    growNoiseTree(one, () => Float64Array.of(2));
    expect(one).to.deep.equal({ steps: 1, levels: [Float64Array.of(1)] });
    expect(EMPTY_NOISE_TREE).to.deep.equal({ steps: 0, levels: [] });
  });

  it('depth is ceil(log2(t + 1)): 0, 1, 2, 2, 3 for 0 to 4 steps, 11 for 1,600; planted: 10 levels would undercharge', () => {
    expect([0, 1, 2, 3, 4, 7, 8, 1600].map(treeDepth)).to.deep.equal([0, 1, 2, 2, 3, 3, 4, 11]);
    expect(() => treeDepth(-1)).to.throw('ERR_PRIVACY');
  });

  it('published: z 1.13 and 8.83 over 1,600 steps at delta 1e-6 stay below 19.74 and 2.04 (here 18.7096 and 1.7732)', () => {
    const epsilon = (noiseMultiplier: number, count = treeDepth(1600)) =>
      composedEpsilon([{ sampling: 1, noiseMultiplier, count }], 1e-6, { orders: 'opacus', method: 'rdp' }).epsilon;
    expect(epsilon(1.13)).to.be.closeTo(18.7096, 5e-5);
    expect(epsilon(8.83)).to.be.closeTo(1.7732, 5e-5);
    expect(epsilon(1.13, 10)).to.be.below(18);
  });
});
