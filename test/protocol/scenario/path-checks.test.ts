import { expect } from 'chai';
import type { ScenarioInput, SweepInput } from '../../../protocol/scenario/input.js';
import { resolveScenario } from '../../../protocol/scenario/resolve.js';
import { resolveSweep } from '../../../protocol/scenario/sweep.js';
import { loadCatalogue } from '../../../scenarios/run/catalogue.js';

const catalogue = await loadCatalogue();
const base = { method: { name: 'sgd', batchSize: 8 }, data: 'gaussian-clusters', clients: 2, rounds: 2 };
const sweep = (more: object): SweepInput =>
  ({ sweep: 'tiny', base, over: { 'method.batchSize': [8, 16], seed: [1, 2] }, ...more }) as never;
const ratio = (more: object) => ({ name: 'ratio', of: 'finalLoss', most: 1, ...more });
const below = (more: object) => ({ name: 'below', of: 'finalLoss', value: 1, ...more });

async function problemOf(task: Promise<unknown>): Promise<string> {
  return task.then(
    () => 'none',
    (error: Error) => error.message.replace(/^ERR_SCENARIO: (sweep|scenario) '[^']*': /, ''),
  );
}

const SWEPT = 'a path of the scenario (swept: method.batchSize, seed)';

/** What is wrong in an expectation of a sweep. */
const REFUSED: readonly (readonly [what: string, expectation: object, problem: string])[] = [
  [
    'where: an unknown path',
    below({ where: { 'method.batchsize': 8 } }),
    `expect.0.where: expected ${SWEPT}, got 'method.batchsize'; nearest is 'method.batchSize'`,
  ],
  [
    'where: a value that no run has',
    below({ where: { 'method.batchSize': 9 } }),
    'expect.0.where.method.batchSize: expected a value that a run has (8, 16), got 9',
  ],
  [
    'numerator: an unknown path',
    ratio({ numerator: { sead: 1 } }),
    `expect.0.numerator: expected ${SWEPT}, got 'sead'; nearest is 'seed'`,
  ],
  [
    'denominator: a value that no run has',
    ratio({ denominator: { seed: '1' } }),
    "expect.0.denominator.seed: expected a value that a run has (1, 2), got '1'",
  ],
  ['groupBy: an unknown path', below({ groupBy: 'batchSize' }), `expect.0.groupBy: expected ${SWEPT}, got 'batchSize'`],
  [
    'inOrderOf: an unknown path',
    { name: 'monotone', of: 'finalLoss', inOrderOf: 'method.batchSizes', direction: 'falling' },
    `expect.0.inOrderOf: expected ${SWEPT}, got 'method.batchSizes'; nearest is 'method.batchSize'`,
  ],
  [
    'against: neither a figure nor a path',
    { name: 'slope', of: 'finalLoss', against: 'method.batchSizes', least: 0 },
    `expect.0.against: expected 'round', a figure or ${SWEPT}, got 'method.batchSizes'; nearest is 'method.batchSize'`,
  ],
  [
    'runner and rival: an unknown path',
    { name: 'rounds-to-match', of: 'loss', runner: { 'method.nam': 'sgd' }, rival: {}, least: 1 },
    `expect.0.runner: expected ${SWEPT}, got 'method.nam'; nearest is 'method.name'`,
  ],
];

describe('paths in expectations and claims', () => {
  for (const [what, expectation, problem] of REFUSED)
    it(`of a sweep: ${what} is refused before anything runs`, async () => {
      expect(await problemOf(resolveSweep(sweep({ expect: [expectation] }), catalogue))).to.equal(problem);
    });

  it('of a sweep: values that no run has together are refused', async () => {
    const over = { 'method.batchSize': [8, 16] };
    const paired = below({ where: { 'method.batchSize': 8, 'method.name': 'fedavg' } });
    const both = { 'method.name': ['sgd', 'fedavg'] };
    expect(await problemOf(resolveSweep(sweep({ over, expect: [paired] }), catalogue))).to.match(
      /^expect\.0\.where\.method\.name: expected a value that a run has \(sgd\), got 'fedavg'/,
    );
    expect(await problemOf(resolveSweep(sweep({ over: { ...over, ...both }, expect: [paired] }), catalogue))).to.equal(
      'none',
    );
  });

  it('of claims: which runs, against which, and what judges them', async () => {
    const claim = (more: object) => ({ claim: 'x', source: 'y', where: { seed: 1 }, ...more });
    const problem = async (more: object) => problemOf(resolveSweep(sweep({ claims: [claim(more)] }), catalogue));
    expect(await problem({})).to.equal('none');
    expect(await problem({ where: { sed: 1 } })).to.match(/^claims\.0\.where: .* got 'sed'; nearest is 'seed'/);
    expect(await problem({ against: { seed: 3 } })).to.match(/^claims\.0\.against\.seed: .*\(1, 2\), got 3/);
    expect(await problem({ judgedBy: [below({ groupBy: 'sed' })] })).to.match(
      /^claims\.0\.judgedBy\.0\.groupBy: .* got 'sed'; nearest is 'seed'/,
    );
  });

  it('of a sweep: a figure and a path that some points alone have are accepted', async () => {
    const over = { method: ['sgd', { name: 'fedavg', localEpochs: 2 }], clients: [2, 4, 8] };
    const expect_ = [
      below({ where: { 'method.localEpochs': 2 }, groupBy: 'method.localEpochs' }),
      { name: 'slope', of: 'finalLoss', against: 'totalBytesUp', least: 0 },
    ];
    expect(await problemOf(resolveSweep(sweep({ over, expect: expect_ }), catalogue))).to.equal('none');
  });

  it('of one run: an unknown path is refused; values are not compared', async () => {
    const input = (expectation: object) => ({ name: 'tiny', ...base, expect: [expectation] }) as ScenarioInput;
    expect(await problemOf(resolveScenario(input(below({ groupBy: 'clint' })), catalogue))).to.equal(
      "expect.0.groupBy: expected a path of the scenario, got 'clint'; nearest is 'clients'",
    );
    expect(await problemOf(resolveScenario(input(below({ where: { seed: 9 } })), catalogue))).to.equal('none');
  });

  it('name the nearest figure in a narrowed expectation', async () => {
    const narrowed = below({ of: 'finalLos', where: { seed: 1 } });
    expect(await problemOf(resolveSweep(sweep({ expect: [narrowed] }), catalogue))).to.match(
      /^expect\.0\.of: .*got 'finalLos'; nearest is 'finalLoss'/,
    );
  });

  it('are not checked where settings were changed from those that they were written for', async () => {
    const changed = sweep({ expect: [below({ where: { seed: 9 } })], changed: ['seed'] });
    expect(await problemOf(resolveSweep(changed, catalogue))).to.equal('none');
  });
});
