import '../../../support/loaded-rules.js';
import { expect } from 'chai';
import { rootStream } from '../../../../protocol/numerics/random.js';
import type { Dataset, Partition } from '../../../../worker/datasets/dataset.js';
import { partitionDataset, partitions } from '../../../../worker/datasets/partition/partition.js';
import { histogramColumns, labelHistogram, skewOf } from '../../../../worker/datasets/partition/skew.js';
import { refuses } from '../refusal.js';

type Settings = Readonly<Record<string, unknown>>;

/** Labels only; class k has counts[k] examples, dealt in a fixed shuffled order. Group of an example: groups[i] if given. */
function labelled(counts: readonly number[], groups?: Int32Array): Dataset {
  const sorted = counts.flatMap((count, k) => new Array<number>(count).fill(k));
  const labels = Int32Array.from(rootStream(99, 'float64').permutation(sorted.length), (i) => sorted[i]!);
  const examples = { count: labels.length, features: new Float32Array(labels.length), targets: new Float64Array(0) };
  return {
    name: 'labelled',
    source: 'test',
    featureShape: [1],
    classCount: counts.length,
    train: { ...examples, labels },
    test: { ...examples, labels },
    ...(groups ? { groups } : {}),
  };
}

const split = (dataset: Dataset, clients: number, spec: { name: string } & Settings, seed = 1): Partition =>
  partitionDataset(dataset, clients, spec, rootStream(seed, 'float32'));

const columnSums = (histogram: number[][]) =>
  histogram[0]!.map((_, k) => histogram.reduce((sum, row) => sum + row[k]!, 0));

/** Unequal classes and no round numbers, so that off-by-one cuts lose examples. */
const COUNTS = [313, 207, 101, 399, 251, 180, 330, 97, 222, 203];
const TOTAL = COUNTS.reduce((a, b) => a + b);
const GROUPED = labelled(
  COUNTS,
  Int32Array.from({ length: TOTAL }, (_, i) => (i * i) % 7),
);

/** Settings without which a rule says nothing: as few as it takes, for any numbers of clients and classes. */
const NEEDED: Readonly<Record<string, (clients: number, classCount: number) => Settings>> = {
  /** Every class has an owner, every client a class, and where there are more clients than classes some share one. */
  'class-lists': (clients, classCount) => ({
    classes: Array.from({ length: clients }, (_, client) =>
      [...COUNTS.keys()]
        .filter((k) => k < classCount && (k % clients === client || client % classCount === k))
        .join(' '),
    ).join(', '),
  }),
};

const withNeeded = (spec: { name: string } & Settings, clients: number, classCount = COUNTS.length) => ({
  ...NEEDED[spec.name]?.(clients, classCount),
  ...spec,
});

const VARIANTS: readonly ({ name: string } & Settings)[] = [
  ...partitions.names().map((name) => ({ name })),
  { name: 'dirichlet', definition: 'per-class' },
  { name: 'dirichlet', definition: 'per-client' },
  { name: 'dirichlet', definition: 'per-client', alpha: 0.01 },
  { name: 'quantity-skew', sizes: 'log-normal' },
  { name: 'quantity-skew', sizes: 'power-law' },
  { name: 'shards', shardsPerClient: 3 },
  { name: 'label-count', labelsPerClient: 3 },
];

describe('worker/datasets/partition: every partition', () => {
  for (const variant of VARIANTS)
    for (const clients of [1, 4, 13]) {
      const spec = withNeeded(variant, clients);
      const owned = spec.name !== 'label-count' || clients >= 10;
      if (!owned) continue;
      it(`${JSON.stringify(spec)}, ${clients} clients: disjoint, ascending, covers all but what it reports`, () => {
        const { shards, dropped, definition } = split(GROUPED, clients, spec);
        expect(shards.length).to.equal(clients);
        const times = new Uint8Array(TOTAL);
        for (const shard of shards)
          shard.forEach((i, at) => {
            times[i]!++;
            if (at > 0) expect(i).to.be.above(shard[at - 1]!);
          });
        expect(Math.max(...times)).to.equal(1);
        expect(times.filter((t) => t === 0).length).to.equal(dropped);
        const sums = columnSums(labelHistogram(GROUPED, { shards, dropped, definition }));
        if (spec.name === 'shards') expect(dropped).to.equal(TOTAL % (clients * Number(spec.shardsPerClient ?? 2)));
        else expect(sums).to.deep.equal(COUNTS);
        expect(definition.length).to.be.above(8);
      });
      it(`${JSON.stringify(spec)}, ${clients} clients: same seed, same partition`, () => {
        expect(split(GROUPED, clients, spec, 5)).to.deep.equal(split(GROUPED, clients, spec, 5));
        const parent = rootStream(5, 'float64');
        parent.normal(3);
        expect(partitionDataset(GROUPED, clients, spec, parent)).to.deep.equal(split(GROUPED, clients, spec, 5));
      });
    }

  it('another seed gives another partition wherever something is drawn', () => {
    for (const variant of VARIANTS) {
      if (variant.name === 'by-group') continue;
      const spec = withNeeded(variant, 13);
      expect(split(GROUPED, 13, spec, 1).shards, JSON.stringify(spec)).to.not.deep.equal(
        split(GROUPED, 13, spec, 2).shards,
      );
    }
  });

  it('more clients than examples, and clients that would be empty, are refused', () => {
    const five = labelled([3, 2]);
    for (const name of partitions.names()) {
      const spec = withNeeded({ name: name === 'by-group' ? 'iid' : name }, 6, 2);
      refuses(() => split(five, 6, spec), 'ERR_PARTITION', /partition/);
    }
  });

  it('label rules refuse a regression set and by-group a set without groups; unknown names and settings are refused', () => {
    const regression = { ...labelled([20]), classCount: 0 };
    for (const name of ['dirichlet', 'shards', 'label-count', 'similarity'])
      refuses(() => split(regression, 2, { name }), 'ERR_PARTITION', /labels/, new RegExp(name));
    refuses(() => split(regression, 2, { name: 'by-group' }), 'ERR_PARTITION', /groups/);
    refuses(() => split(regression, 2, { name: 'dirichlit' }), 'ERR_SCENARIO', /nearest is 'dirichlet'/);
    refuses(() => split(GROUPED, 2, { name: 'dirichlet', alpa: 1 }), 'ERR_SCENARIO', /nearest is 'alpha'/);
    refuses(() => split(GROUPED, 2, { name: 'dirichlet', alpha: 0 }), 'ERR_SCENARIO', /alpha/, /got 0/);
    refuses(() => split(GROUPED, 0, { name: 'iid' }), 'ERR_SCENARIO', /clients/);
  });

  it('no data gives empty shards', () => {
    expect(split(labelled([0, 0]), 3, { name: 'dirichlet' }).shards.map((shard) => shard.length)).to.deep.equal([
      0, 0, 0,
    ]);
  });
});

describe('worker/datasets/partition: dirichlet', () => {
  const EQUAL = labelled(new Array<number>(10).fill(2000));

  it('per-class, alpha 0.5, n = 10: Var p_j = 0.015 and E sum_j p_j^2 = 0.25 (300 classes of 2,000, 5 sigma, seeds 0-29)', () => {
    const squares: number[] = [];
    const variances: number[] = [];
    for (let seed = 0; seed < 30; seed++) {
      const histogram = labelHistogram(EQUAL, split(EQUAL, 10, { name: 'dirichlet', definition: 'per-class' }, seed));
      for (let k = 0; k < 10; k++) {
        squares.push(histogram.reduce((sum, row) => sum + (row[k]! / 2000) ** 2, 0));
        // One client a class: independent draws.
        variances.push((histogram[k]![k]! / 2000 - 0.1) ** 2);
      }
    }
    const check = (values: number[], expected: number) => {
      const mean = values.reduce((a, b) => a + b) / values.length;
      const variance = values.reduce((a, b) => a + (b - mean) ** 2, 0) / values.length;
      expect(mean).to.be.closeTo(expected, 5 * Math.sqrt(variance / values.length));
    };
    check(squares, 1.5 / 6);
    check(variances, (0.1 * 0.9) / 6);
  });

  it('per-client, alpha 0.5: a client among 400 that drain the classes evenly has E sum_k p_k^2 near 0.25 (+- 0.03, seed 3)', () => {
    const histogram = labelHistogram(EQUAL, split(EQUAL, 400, { name: 'dirichlet', definition: 'per-client' }, 3));
    // A sample of 50 adds (1 - s) / 50 to the sum of squares s of the law: s = (50 t - 1) / 49.
    const mean = histogram.reduce((sum, row) => sum + row.reduce((s, c) => s + (c / 50) ** 2, 0), 0) / 400;
    expect((50 * mean - 1) / 49).to.be.closeTo(0.25, 0.03);
    expect(new Set(histogram.map((row) => row.reduce((a, b) => a + b)))).to.deep.equal(new Set([50]));
  });

  for (const definition of ['per-class-guarded', 'per-class', 'per-client'])
    it(`${definition}, alpha 10^6: class shares within 5 sampling sigma of 1/10 (seed 4)`, () => {
      const histogram = labelHistogram(EQUAL, split(EQUAL, 10, { name: 'dirichlet', definition, alpha: 1e6 }, 4));
      for (const row of histogram) for (const count of row) expect(count).to.be.closeTo(200, 5 * Math.sqrt(200 * 0.9));
    });

  it('alpha 10^-4, guarded: each of 10 classes is on a client of its own at the first draw (seed 5)', () => {
    const histogram = labelHistogram(EQUAL, split(EQUAL, 10, { name: 'dirichlet', alpha: 1e-4, maxAttempts: 1 }, 5));
    for (let k = 0; k < 10; k++) expect(histogram.filter((row) => row[k]! > 0).length).to.equal(1);
    expect(skewOf(histogram).meanEffectiveClasses).to.equal(1);
  });

  it("alpha 10^-4, per client: a client's largest class is on average 85 % of it or more (400 clients of 50, seed 5)", () => {
    // About 40 +- 6 clients want each class of 2,000 = 40 x 50: only the excess has to move to a second class.
    const spec = { name: 'dirichlet', definition: 'per-client', alpha: 1e-4 };
    const histogram = labelHistogram(EQUAL, split(EQUAL, 400, spec, 5));
    expect(histogram.reduce((sum, row) => sum + Math.max(...row) / 50, 0) / 400).to.be.above(0.85);
    expect(skewOf(histogram).meanEffectiveClasses).to.be.below(1.3);
    expect(skewOf(histogram).sizeGini).to.equal(0);
  });

  it('guarded: every client has minExamples, and none at N/n before a class got more of it', () => {
    for (let seed = 0; seed < 10; seed++) {
      const { shards } = split(EQUAL, 20, { name: 'dirichlet', alpha: 0.3, minExamples: 120 }, seed);
      expect(Math.min(...shards.map((shard) => shard.length))).to.be.at.least(120);
      // At most one class (2,000) on top of N/n = 1,000.
      expect(Math.max(...shards.map((shard) => shard.length))).to.be.below(1000 + 2000);
    }
  });

  it('a draw that fails is followed by another one: 20 seeds all end, and at least 5 of them after the first attempt', () => {
    const attempts = Array.from({ length: 20 }, (_, seed) =>
      Number(
        /attempt (\d+)/.exec(
          split(EQUAL, 20, { name: 'dirichlet', alpha: 0.2, minExamples: 300 }, seed).definition,
        )![1],
      ),
    );
    expect(attempts.filter((attempt) => attempt > 1).length).to.be.at.least(5);
  });

  it('a retry cap that is reached fails loudly with alpha, clients, attempts and the best draw', () => {
    refuses(
      () => split(EQUAL, 100, { name: 'dirichlet', alpha: 0.01, maxAttempts: 7 }),
      'ERR_PARTITION',
      /alpha 0.01/,
      /100 clients/,
      /of 7/,
      /had \d+/,
      /per-client/,
    );
    refuses(
      () => split(EQUAL, 100, { name: 'quantity-skew', alpha: 0.01, maxAttempts: 7 }),
      'ERR_PARTITION',
      /of 7/,
      /had 0/,
    );
    refuses(() => split(EQUAL, 100, { name: 'dirichlet', minExamples: 201 }), 'ERR_PARTITION', /201 of 20000/);
  });
});

describe('worker/datasets/partition: the other rules', () => {
  it('iid: sizes differ by at most one', () => {
    const sizes = split(GROUPED, 13, { name: 'iid' }).shards.map((shard) => shard.length);
    expect(Math.max(...sizes) - Math.min(...sizes)).to.equal(1);
  });

  it('shards: 100 clients of 2 shards of 300 (60,000 equal-class examples) hold 600 examples of at most 2 classes', () => {
    const big = labelled(new Array<number>(10).fill(6000));
    const partition = split(big, 100, { name: 'shards' });
    expect(partition.dropped).to.equal(0);
    for (const row of labelHistogram(big, partition)) {
      expect(row.reduce((a, b) => a + b)).to.equal(600);
      expect(row.filter((count) => count > 0).length).to.be.at.most(2);
    }
  });

  it('label-count 3: exactly 3 classes a client, client i owns class i mod 10, owners of a class share it evenly', () => {
    const histogram = labelHistogram(GROUPED, split(GROUPED, 25, { name: 'label-count', labelsPerClient: 3 }));
    histogram.forEach((row, i) => {
      expect(row.filter((count) => count > 0).length).to.equal(3);
      expect(row[i % 10]).to.be.above(0);
    });
    for (let k = 0; k < 10; k++) {
      const shares = histogram.map((row) => row[k]!).filter((count) => count > 0);
      expect(Math.max(...shares) - Math.min(...shares)).to.be.at.most(1);
    }
  });

  it('label-count: classes that no client owns are refused, or dropped and counted when allowed', () => {
    refuses(() => split(GROUPED, 4, { name: 'label-count', labelsPerClient: 1 }), 'ERR_PARTITION', /class 4 \(251/);
    const { dropped } = split(GROUPED, 4, { name: 'label-count', labelsPerClient: 1, dropUnowned: true });
    expect(dropped).to.equal(TOTAL - 313 - 207 - 101 - 399);
  });

  it('class-lists: a client has all of the classes of its list, owners of one class share it evenly, the rest is refused or dropped', () => {
    const spec = { name: 'class-lists', classes: '0 9, 1 9, 2 3 4 5 6 7 8' };
    const histogram = labelHistogram(GROUPED, split(GROUPED, 3, spec));
    expect(histogram[0]).to.deep.equal([313, 0, 0, 0, 0, 0, 0, 0, 0, 101]);
    expect(histogram[1]).to.deep.equal([0, 207, 0, 0, 0, 0, 0, 0, 0, 102]);
    expect(histogram[2]).to.deep.equal([0, 0, 101, 399, 251, 180, 330, 97, 222, 0]);
    const few = { name: 'class-lists', classes: '0, 1, 3' };
    refuses(() => split(GROUPED, 3, few), 'ERR_PARTITION', /class 2 \(101/);
    expect(split(GROUPED, 3, { ...few, dropUnowned: true }).dropped).to.equal(TOTAL - 313 - 207 - 399);
    for (const classes of ['', '0 9, 1 8', '0, 1, 10', '0, 1, x'])
      refuses(() => split(GROUPED, 3, { name: 'class-lists', classes }), 'ERR_SCENARIO', /each of 3 clients/);
  });

  it('quantity-skew: power law 1 over 4 clients gives 12 : 6 : 4 : 3 of 2,500; labels stay near IID', () => {
    const flat = labelled([1250, 1250]);
    const partition = split(flat, 4, { name: 'quantity-skew', sizes: 'power-law', exponent: 1 });
    // Cut points are rounded down, so that a size may be one off.
    [1200, 600, 400, 300].forEach((size, j) => {
      expect(partition.shards.sizeAt(j)).to.be.closeTo(size, 1);
    });
    for (const [a, b] of labelHistogram(flat, partition) as [number, number][])
      expect(a / (a + b)).to.be.closeTo(0.5, 5 * Math.sqrt(0.25 / (a + b)));
  });

  it('quantity-skew: log-normal with log standard deviation 0 is equal sizes; 1 has Gini near erf(1/2) = 0.5205 (seed 8)', () => {
    const flat = labelled([100_000]);
    const sizes = (logStddev: number) =>
      skewOf(
        labelHistogram(
          flat,
          split(flat, 400, { name: 'quantity-skew', sizes: 'log-normal', logStddev, minExamples: 1 }, 8),
        ),
      );
    expect(sizes(0).sizeGini).to.be.below(1e-3);
    expect(sizes(1).sizeGini).to.be.closeTo(0.5205, 0.05);
  });

  it('similarity 1 is IID, 0 has at most 2 classes on a client of N/K examples, 0.5 keeps half of every client common', () => {
    const equal = labelled(new Array<number>(10).fill(500));
    const at = (similarity: number) => labelHistogram(equal, split(equal, 10, { name: 'similarity', similarity }));
    for (const row of at(0)) expect(row.filter((count) => count > 0).length).to.equal(1);
    for (const row of at(1)) for (const count of row) expect(count).to.be.closeTo(50, 5 * Math.sqrt(50));
    for (const row of at(0.5)) {
      // 25 of each class are common; about 250 of one or two classes come on top.
      const sorted = [...row].sort((a, b) => a - b);
      expect(sorted.slice(0, 8).reduce((a, b) => a + b)).to.be.closeTo(200, 5 * Math.sqrt(200));
    }
  });

  it('by-group: one client a group; fewer clients merge whole groups evenly; more split the largest', () => {
    const groups = Int32Array.from([60, 10, 20, 0, 30].flatMap((count, g) => new Array<number>(count).fill(g)));
    const dataset = labelled([120], groups);
    const sizes = (clients: number) =>
      split(dataset, clients, { name: 'by-group' }).shards.map((shard) => shard.length);
    const owners = (clients: number) =>
      split(dataset, clients, { name: 'by-group' }).shards.map((shard) => [
        ...new Set(Array.from(shard, (i) => groups[i]!)),
      ]);
    expect(sizes(4)).to.deep.equal([60, 10, 20, 30]);
    expect(owners(4)).to.deep.equal([[0], [1], [2], [4]]);
    expect(sizes(2)).to.deep.equal([60, 60]);
    expect(owners(2)).to.deep.equal([[0], [1, 2, 4]]);
    expect(sizes(6)).to.deep.equal([20, 20, 20, 10, 20, 30]);
    expect(owners(6)).to.deep.equal([[0], [0], [0], [1], [2], [4]]);
  });
});

describe('worker/datasets/partition/skew', () => {
  it('by hand: (6, 0), (1, 1), (0, 0): mean total variation 1/4 from the law (7/8, 1/8), effective classes 1.5, Gini 0.5', () => {
    // Client 0: |1 - 7/8| = 1/8; client 1: |1/2 - 7/8| = 3/8; the empty client does not count.
    const skew = skewOf([
      [6, 0],
      [1, 1],
      [0, 0],
    ]);
    expect(skew.meanTotalVariation).to.be.closeTo(1 / 4, 1e-15);
    expect(skew.meanEffectiveClasses).to.be.closeTo(1.5, 1e-15);
    // Sizes 0, 2, 6: mean absolute difference (2 + 6 + 4) * 2 / 9 = 8/3, over twice the mean 16/3.
    expect(skew.sizeGini).to.be.closeTo(0.5, 1e-15);
    expect([skew.smallestClient, skew.largestClient]).to.deep.equal([0, 6]);
  });

  it('clients with the same counts share a row: 1,000 with an example each have 10', () => {
    const histogram = labelHistogram(
      labelled(new Array(10).fill(100)),
      split(labelled(new Array(10).fill(100)), 1000, { name: 'iid' }),
    );
    expect(histogram).to.have.length(1000);
    expect(columnSums(histogram)).to.deep.equal(new Array(10).fill(100));
    expect(new Set(histogram).size).to.equal(10);
  });

  it('a regression set has one column, the sizes', () => {
    const regression = { ...labelled([20]), classCount: 0 };
    expect(labelHistogram(regression, split(regression, 3, { name: 'iid' }))).to.deep.equal([[6], [7], [7]]);
    expect(histogramColumns(regression)).to.deep.equal(['examples']);
    expect(histogramColumns(labelled([1, 2]))).to.deep.equal(['0', '1']);
  });
});
