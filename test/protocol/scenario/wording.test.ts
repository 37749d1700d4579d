import { expect } from 'chai';
import { choiceInWords, shortWords } from '../../../protocol/scenario/wording.js';

describe('a swept value in few words', () => {
  const axis = [
    { name: 'extra', stepSize: 0.05 },
    { name: 'cdproxsgt', stepSize: 0.05, mixing: 0.3, links: 'plain' },
    { name: 'cdproxsgt', stepSize: 0.05, mixing: 0.3, links: 'acknowledged' },
  ];
  it('is the name alone where no other value has it, else what differs among those of that name', () => {
    expect(axis.map((value) => shortWords(value, axis))).to.deep.equal([
      'extra',
      'cdproxsgt(links=plain)',
      'cdproxsgt(links=acknowledged)',
    ]);
  });

  it('of a list is that of its entries, of a fault its name, and of nothing none', () => {
    const faults = [
      [{ fault: 'drop', probability: 0.05 }],
      [{ fault: 'symmetric-drop', probability: 0.05 }, { fault: 'crash' }],
      [],
    ];
    expect(faults.map((value) => shortWords(value, faults))).to.deep.equal(['drop', 'symmetric-drop + crash', 'none']);
    const two = [[{ fault: 'drop', probability: 0.1 }], [{ fault: 'drop', probability: 0.2 }]];
    expect(two.map((value) => shortWords(value, two))).to.deep.equal([
      'drop(probability=0.1)',
      'drop(probability=0.2)',
    ]);
  });

  it('of a trace is the name of its file, else its number of rows', () => {
    const rows = Array.from({ length: 9 }, (_, i) => [0, i, 1]);
    const faults = [
      [{ fault: 'speed-trace', trace: { rows } }],
      [{ fault: 'speed-trace', trace: { file: 'a.csv', rows } }],
    ];
    expect(faults.map((value) => shortWords(value, faults))).to.deep.equal([
      'speed-trace(trace=9 rows)',
      'speed-trace(trace=a.csv)',
    ]);
  });

  it('of a long list is its first entry that the others do not have there, and how many more; of equal starts never the same', () => {
    const speeds = (first: number, second: number) =>
      [first, second, 1, 1, 1, 1, 1, 1].map((ms, client) => ({ clients: client, ms }));
    const axis = [speeds(1, 2), speeds(1, 3), speeds(1, 4)];
    const words = [2, 3, 4].map((ms) => `ms=${ms} (entry 1) + 7 more`);
    expect(axis.map((value) => shortWords(value, axis))).to.deep.equal(words);
    expect(choiceInWords({ devices: axis[1]! }, { devices: axis })).to.equal(`devices=${words[1]}`);
    const digits = [speeds(1.23456, 1), speeds(2.34567, 1)];
    expect(digits.map((value) => shortWords(value, digits))).to.deep.equal(['ms=1.235 + 7 more', 'ms=2.346 + 7 more']);
    const close = [speeds(1.23451, 1), speeds(1.23452, 1)];
    expect(close.map((value) => shortWords(value, close))).to.deep.equal([
      'ms=1.23451 + 7 more',
      'ms=1.23452 + 7 more',
    ]);
    const pairs = [1, 2].map((ms) => speeds(ms, 1).map((entry) => ({ ...entry, msPerRound: 10 * entry.ms })));
    expect(
      pairs.map((value) => shortWords(value, pairs)),
      'one setting is enough',
    ).to.deep.equal(['ms=1 + 7 more', 'ms=2 + 7 more']);
    // No entry of the first is its own.
    const mixed = [speeds(1, 2), speeds(1, 3), speeds(5, 2)];
    expect(new Set(mixed.map((value) => shortWords(value, mixed))).size).to.equal(3);
  });

  it('of a number, a word or null is itself', () => {
    expect([0.1, 'all', null].map((value) => shortWords(value, [0.1, 'all', null]))).to.deep.equal([
      '0.1',
      'all',
      'null',
    ]);
  });

  it('beside others: named things in a list are joined, nothing is none, and numbers in a list stay as they are', () => {
    const aggregators = [
      {},
      { update: 'median' },
      { update: [{ name: 'bucketing', size: 2 }, { name: 'median' }] },
      { update: [3, 4] },
    ];
    expect(aggregators.map((value) => shortWords(value, aggregators))).to.deep.equal([
      'none',
      'update=median',
      'update=bucketing(size=2) + median',
      'update=[3,4]',
    ]);
    expect(choiceInWords({ faults: [{ fault: 'drop', probability: 0.1 }] })).to.equal('faults=drop(probability=0.1)');
  });

  it('stands beside the last word of its path, a name beside what it names', () => {
    const values = { 'aggregators.update.0.name': 'median', 'faults.0.attack.name': 'alie', 'data.partition.alpha': 1 };
    expect(choiceInWords(values)).to.equal('update=median, attack=alie, alpha=1');
  });
});
