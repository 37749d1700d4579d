import { expect } from 'chai';
import { loadMethod } from '../../../protocol/method-loader.js';
import type { ScenarioInput } from '../../../protocol/scenario/input.js';
import { resolveScenario } from '../../../protocol/scenario/resolve.js';
import {
  inOneProcess,
  localPlacement,
  type Placement,
  socketPlacement,
} from '../../../scenarios/check/parts/placements.js';
import { runTiny } from '../../../scenarios/check/parts/tiny-run.js';
import { loadCatalogue } from '../../../scenarios/run/catalogue.js';

const BASE: ScenarioInput = {
  name: 'byzantine',
  method: { name: 'fedavg', localEpochs: 1, batchSize: 16, clientLearningRate: 0.05 },
  objective: { name: 'quadratic', dimension: 6 },
  data: 'none',
  clients: 10,
  rounds: 40,
  seed: 3,
  precision: 'float64',
};

const ATTACK = [{ fault: 'byzantine', clients: [8, 9], attack: { name: 'inner-product', strength: 6 } }];

const PLACEMENTS = [
  inOneProcess,
  localPlacement('checking', 'checking'),
  localPlacement('shuffled', 'fast', 1),
  socketPlacement('sockets, 3 workers', 3),
  socketPlacement('sockets, through the coordinator', 2, false),
];

async function runPlaced(input: ScenarioInput, placement: Placement = inOneProcess) {
  const scenario = await resolveScenario(input, await loadCatalogue());
  const { digest, losses } = await runTiny(scenario, await loadMethod(scenario.method.name), { placement });
  return { digest, finalLoss: losses.at(-1) ?? Number.NaN };
}

describe('Byzantine clients and robust sums in whole runs', () => {
  it('an attack breaks the plain mean, and a median, Krum or trimmed mean on two of ten does not let it', async () => {
    const honest = await runPlaced(BASE);
    const attacked = await runPlaced({ ...BASE, faults: ATTACK });
    expect(attacked.finalLoss).to.be.above(100 * honest.finalLoss);
    for (const rule of [
      'median',
      { name: 'trimmed-mean', byzantine: 2 },
      { name: 'krum', byzantine: 2 },
      'geometric-median',
    ]) {
      const guarded = await runPlaced({ ...BASE, faults: ATTACK, aggregators: { update: rule } });
      expect(guarded.finalLoss, JSON.stringify(rule)).to.be.below(attacked.finalLoss / 20);
    }
  });

  for (const aggregators of [
    {
      update: [
        { name: 'bucketing', size: 2 },
        { name: 'centered-clipping', radius: 1 },
      ],
    },
    { update: [{ name: 'nearest-neighbor-mixing', byzantine: 2 }] },
  ])
    it(`equal bits in every placement: ${JSON.stringify(aggregators)}, replayed updates`, async () => {
      const faults = [{ fault: 'byzantine', clients: [8, 9], attack: 'replay' }];
      const digests = new Set<string>();
      for (const placement of PLACEMENTS)
        digests.add((await runPlaced({ ...BASE, rounds: 6, faults, aggregators }, placement)).digest);
      expect(digests.size).to.equal(1);
      digests.add((await runPlaced({ ...BASE, rounds: 6, aggregators })).digest);
      expect(digests.size).to.equal(2);
    });

  it('SCAFFOLD, whose update has two vectors, and gossip with clipping withstand what breaks them without a robust sum', async () => {
    const scaffold = { ...BASE, method: { name: 'scaffold', localSteps: 3, clientLearningRate: 0.05 } };
    const faults = [{ fault: 'byzantine', clients: [8, 9], attack: { name: 'scaling', factor: -50 } }];
    const plain = await runPlaced({ ...scaffold, faults });
    const guarded = await runPlaced({ ...scaffold, faults, aggregators: { update: 'median' } });
    expect(guarded.finalLoss).to.be.below(plain.finalLoss / 20);
    const gossip = { ...BASE, method: { name: 'dgd', stepSize: 0.02 }, topology: 'complete' };
    const noise = [{ fault: 'byzantine', clients: [8, 9], attack: { name: 'gaussian', stddev: 50, around: 'zero' } }];
    const pulled = await runPlaced({ ...gossip, faults: noise });
    const clipped = await runPlaced({
      ...gossip,
      faults: noise,
      aggregators: { iterate: { name: 'clipped-gossip', radius: 0.05 } },
    });
    expect(clipped.finalLoss).to.be.below(pulled.finalLoss / 20);
  });

  it('refused before the run: unknown rules and kinds, settings out of range, and a rule behind one that returns one vector', async () => {
    const catalogue = await loadCatalogue();
    const problem = async (more: Partial<ScenarioInput>) => {
      try {
        await resolveScenario({ ...BASE, ...more }, catalogue);
      } catch (error) {
        return (error as Error).message;
      }
      return 'accepted';
    };
    expect(await problem({ aggregators: { update: 'medain' } })).to.match(
      /aggregators\.update\.name: .*nearest is 'median'/,
    );
    expect(await problem({ aggregators: { updates: 'median' } })).to.match(/aggregators\.updates.*'update'/);
    expect(await problem({ aggregators: { model: 'median' } })).to.match(/aggregators\.model/);
    expect(await problem({ aggregators: { update: { name: 'krum', byzantine: -1 } } })).to.match(
      /aggregators\.update\.byzantine: expected an integer of at least 0, got -1/,
    );
    expect(await problem({ aggregators: { update: ['median', 'bucketing'] } })).to.match(
      /aggregators\.update\.1: expected nothing behind 'median'/,
    );
    expect(await problem({ aggregators: { update: ['clipped-gossip', 'median'] } })).to.match(
      /aggregators\.update: expected no 'clipped-gossip' on what the coordinator takes/,
    );
    expect(await problem({ faults: [{ fault: 'byzantine', clients: [1], attack: 'sign-flop' }] })).to.match(
      /faults\.0\.attack\.name: .*'sign-flip'/,
    );
    expect(await problem({ faults: [{ fault: 'byzantine', clients: [99], attack: 'mimic' }] })).to.match(/99/);
  });
});
