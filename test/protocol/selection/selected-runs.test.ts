import { execFileSync } from 'node:child_process';
import { expect } from 'chai';
import type { AnyMethod } from '../../../protocol/method.js';
import fedavg from '../../../protocol/methods/federated/fedavg.js';
import scaffold from '../../../protocol/methods/federated/scaffold.js';
import type { ScenarioInput, SpecInput } from '../../../protocol/scenario/input.js';
import { resolveScenario } from '../../../protocol/scenario/resolve.js';
import { withSelection } from '../../../protocol/selection/parts/run-method.js';
import { selectedMethod } from '../../../protocol/selection/parts/selected-method.js';
import { defineSelection } from '../../../protocol/selection/selection.js';
import { defineSettings } from '../../../protocol/settings/settings.js';
import { resolveTiny } from '../../../scenarios/check/parts/tiny-problems.js';
import { runTiny } from '../../../scenarios/check/parts/tiny-run.js';
import { loadCatalogue } from '../../../scenarios/run/catalogue.js';

const QUADRATIC = { name: 'quadratic', dimension: 5, centreSpread: 2, initialValue: 3 } as const;

/** Eight clients of one example, float64. */
async function runWith(
  method: AnyMethod,
  cohort: 'all' | number,
  sampling: SpecInput,
  more: Partial<ScenarioInput> = {},
) {
  const scenario = await resolveTiny(method, {
    method: { name: method.name },
    objective: QUADRATIC as never,
    clients: 8,
    precision: 'float64',
    rounds: 10,
    participation: { cohort, sampling },
    ...more,
  });
  return runTiny(scenario, await withSelection(method, scenario));
}

function distance(a: ArrayLike<number>, b: ArrayLike<number>): number {
  return Math.max(...Array.from(a, (value, i) => Math.abs(value - b[i]!)));
}

describe('A run under a selection', () => {
  it('of all clients has the model of a run without one, where weights are 1', async () => {
    const [plain] = (await runWith(fedavg, 'all', 'fixed')).result.estimates;
    for (const sampling of [{ name: 'fixed', unbiased: true }, { name: 'poisson', unbiased: true }, 'optimal-norm']) {
      const [model] = (await runWith(fedavg, 'all', sampling)).result.estimates;
      expect(distance(model!, plain!), JSON.stringify(sampling)).to.be.lessThan(1e-12);
    }
  });

  it('by power of choice sends the model to d clients and takes the updates of the cohort alone', async () => {
    const all = await runWith(fedavg, 'all', 'fixed');
    const chosen = await runWith(fedavg, 2, { name: 'power-of-choice', candidates: 8 });
    expect(chosen.result.bytes.down.payload).to.be.at.least(all.result.bytes.down.payload);
    // Raw bytes are those of vectors, of 5 numbers each; reports are in the bytes of the wire.
    expect(all.result.bytes.up.raw).to.equal(10 * 8 * 40);
    expect(chosen.result.bytes.up.raw).to.equal(10 * 2 * 40);
    const two = await runWith(fedavg, 2, 'fixed');
    expect(chosen.result.bytes.up.wire - two.result.bytes.up.wire).to.be.at.least(10 * 8 * 16);
  });

  it('by norm sends as many updates as were asked for on average', async () => {
    const { result } = await runWith(fedavg, 2, 'optimal-norm', { rounds: 100 });
    const updates = result.bytes.up.raw / 40;
    // 2 a round; the variance of a sum of coins is at most 2, so 4 standard deviations of 100 rounds are 57.
    expect(updates).to.be.within(143, 257);
  });

  it('asks the rule for the clients of rounds 0, 1, 2 in turn, the next once it has learned of the last', async () => {
    const asked: string[] = [];
    const family = defineSelection({
      name: 'by-turn',
      summary: 'Client t in round t',
      settings: defineSettings({}),
      create: () => ({
        init: () => 0,
        invite(learned: number, { index }) {
          asked.push(`round ${index} after ${learned}`);
          return [{ client: index, factor: null }];
        },
        learn: (learned: number, { index }) => {
          asked.push(`of ${index}`);
          return learned + 1;
        },
      }),
    });
    const scenario = await resolveTiny(fedavg, {
      method: { name: 'fedavg' },
      objective: QUADRATIC as never,
      clients: 8,
      rounds: 3,
    });
    const run = await runTiny(scenario, selectedMethod(fedavg, family, {}, 1));
    expect(asked).to.deep.equal([
      'round 0 after 0',
      'of 0',
      'round 1 after 1',
      'of 1',
      'round 2 after 2',
      'of 2',
      'round 3 after 3',
    ]);
    expect(run.entries.map(({ cohort }) => cohort)).to.deep.equal([[0], [1], [2]]);
  });

  it('a process that was given a resolved scenario, and resolved none itself, finds the rule', () => {
    // A process of its own, since this one has loaded all rules.
    const url = new URL('../../../protocol/selection/parts/run-method.js', import.meta.url).href;
    const scenario = { method: { name: 'fedavg' }, participation: { cohort: 2, sampling: { name: 'by-size' } } };
    const program = `import { loadRunMethod } from '${url}';
      const { cohort } = await loadRunMethod(${JSON.stringify(scenario)});
      console.log(cohort({ invited: [{ client: 3, factor: 1 }] }));`;
    const printed = execFileSync(process.execPath, ['--input-type=module', '--eval', program], { encoding: 'utf8' });
    expect(printed.trim()).to.equal('[ 3 ]');
  });

  it('leaves a client that does not continue as it was', async () => {
    const run = await runWith(scaffold, 1, { name: 'power-of-choice', candidates: 8 }, { rounds: 1 });
    const states = [...run.result.records]
      .filter(([party]) => party !== 'coordinator')
      .map(([, bytes]) => String(bytes));
    expect(states).to.have.length(8);
    // Seven hold control 0 still, one has moved.
    expect(new Set(states).size).to.equal(2);
  });

  it('poisson below one client: rounds without any change nothing, and the run continues', async () => {
    const run = await runWith(fedavg, 0.3, 'poisson', { rounds: 30 });
    const empty = run.entries.filter(({ cohort }) => cohort.length === 0);
    expect(empty.length).to.be.within(10, 29);
    expect(run.result.roundsDone).to.equal(30);
    for (const { round } of empty.filter(({ round }) => round > 1)) {
      expect(run.rows[round - 1]!.bytesUp).to.equal(0);
    }
  });
});

describe('A scenario with a selection that does not fit is refused', () => {
  const refused = async (participation: object, more: object = {}): Promise<string> => {
    const input = { name: 'x', method: 'fedavg', data: 'none', objective: QUADRATIC, participation, ...more };
    try {
      await resolveScenario(input as never, await loadCatalogue());
    } catch (error) {
      return (error as Error).message;
    }
    return 'accepted';
  };

  it('a number of clients that is not whole, under a rule that takes so many', async () => {
    expect(await refused({ cohort: 0.5 })).to.include(
      "participation.cohort: expected an integer of at least 1 or 'all'",
    );
    expect(await refused({ cohort: 0.5, sampling: 'poisson' })).to.equal('accepted');
    expect(await refused({ cohort: 2.5, sampling: 'oort' })).to.include('participation.cohort');
  });

  it('private methods, peers, methods that choose themselves, and weights for a method that does not declare how it weighs', async () => {
    const only = { cohort: 2, sampling: 'power-of-choice' };
    const privateMethod = { name: 'dp-fedavg' };
    expect(await refused(only, { method: privateMethod })).to.include('is not in the ledger');
    expect(await refused({ sampling: 'oort' }, { method: 'dgd', topology: 'ring' })).to.include('no coordinator');
    expect(await refused({ cohort: 2, sampling: 'by-size' }, { method: 'scaffold' })).to.include('weighsBy');
    expect(await refused({ cohort: 2, sampling: 'by-size' }, { aggregators: { update: 'median' } })).to.include(
      'aggregators',
    );
    expect(await refused({ cohort: 2, sampling: 'optimal-norm' }, { method: 'mime' })).to.include(
      'one kind of messages',
    );
    expect(await refused(only)).to.equal('accepted');
  });

  it('numbers that were cut to fit in silence: candidates below the cohort or above the clients, groups without clients or with fewer than a cohort', async () => {
    for (const [sampling, cohort, expected] of [
      [
        { name: 'power-of-choice', candidates: 2 },
        3,
        'candidates: expected from the cohort of 3 to the 8 clients, or null, got 2',
      ],
      [{ name: 'power-of-choice', candidates: 9 }, 3, 'candidates: expected from the cohort of 3 to the 8 clients'],
      [{ name: 'optimal-norm', candidates: 2 }, 2.5, 'candidates: expected from the cohort of 2.5 to the 8 clients'],
      [{ name: 'availability-group', groups: 9 }, 1, 'groups: expected at most the 8 clients, got 9'],
      [
        { name: 'availability-group', groups: 3 },
        3,
        'groups: expected groups of at least the cohort of 3, where the smallest has 2',
      ],
    ] as const)
      expect(await refused({ cohort, sampling }, { clients: 8 })).to.include(`participation.sampling.${expected}`);
    expect(await refused({ cohort: 2, sampling: { name: 'availability-group', groups: 3 } }, { clients: 8 })).to.equal(
      'accepted',
    );
    expect(
      await refused({ cohort: 'all', sampling: { name: 'availability-group', groups: 3 } }, { clients: 8 }),
    ).to.equal('accepted');
  });

  it('a name that is not one of them, with the nearest', async () => {
    expect(await refused({ cohort: 2, sampling: 'ort' })).to.include('oort');
  });
});
