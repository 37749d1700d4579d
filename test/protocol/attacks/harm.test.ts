import { expect } from 'chai';
import { attacks } from '../../../protocol/attacks/parts/load-attack.js';
import sgd from '../../../protocol/methods/federated/sgd.js';
import type { Json } from '../../../protocol/settings/plain-data.js';
import { builtInNames } from '../../../scenarios/plug-ins/extension-points.js';
import { runQuadratic } from '../../support/quadratic-runs.js';

const ATTACKERS = [0, 1, 2, 3];
/** Of curvature 1: shortens the distance to 0.2 of it each round, the wrong way round. */
const RATE = 1.2;

/** What harms the plain mean of ten, four of them Byzantine. The folder is the list. */
const HARMFUL: Readonly<Record<string, Readonly<Record<string, Json>>>> = {
  adaptive: {},
  gaussian: {},
  'inner-product': { strength: 3 },
  'little-is-enough': { strength: 3 },
  mimic: {},
  replay: {},
  scaling: {},
  'sign-flip': { scale: 3 },
};

async function squaredError(
  attack: { readonly name: string } | null,
  rounds = 30,
  objective: object = {},
): Promise<number> {
  const { rows } = await runQuadratic(
    sgd,
    { optimizer: { name: 'sgd', learningRate: RATE } },
    {
      clients: 10,
      rounds,
      objective: { smallestEigenvalue: 1, largestEigenvalue: 1, ...objective },
      evaluation: { everyRounds: 1 },
      faults: attack ? [{ fault: 'byzantine', clients: ATTACKERS, attack: attack as never }] : [],
      expect: [{ name: 'finite', growth: 'allowed' }],
    },
  );
  return rows.at(-1)!.extra.meanSquaredError!;
}

describe('every attack harms the plain mean', () => {
  it('is tried: the folder holds no other', async () => {
    await attacks.loadAll(builtInNames(attacks));
    expect(attacks.names()).to.deep.equal(Object.keys(HARMFUL));
  });

  for (const [name, settings] of Object.entries(HARMFUL)) {
    // Late updates alone only delay: 0.69 of the distance is left each round, not 0.2.
    const least = name === 'replay' ? 1e-12 : 0.1;
    it(`${name} with ${JSON.stringify(settings)} by 4 of 10: ${least} and more from the optimum, without it less than 1e-25`, async () => {
      expect(await squaredError(null)).to.be.lessThan(1e-25);
      expect(await squaredError({ name, ...settings })).to.be.greaterThan(least);
    });
  }

  it('a plain sign flip by 4 of 10 clients alike does not: it leaves a fifth of the step', async () => {
    // x moves by 1 - 2 f / n of the step: with rate 1.2 by 0.24 of the distance a round.
    expect(await squaredError({ name: 'sign-flip' }, 200, { centreSpread: 0 })).to.be.lessThan(1e-10);
  });

  for (const name of ['sign-flip', 'scaling', 'gaussian', 'inner-product', 'replay'])
    it(`${name} by all ten changes what is summed: attackers alone know what they would have sent`, async () => {
      const all = async (attack: object | null): Promise<string> => {
        const faults = attack
          ? [{ fault: 'byzantine' as const, clients: 'all' as const, attack: attack as never }]
          : [];
        return (await runQuadratic(sgd, { optimizer: { name: 'sgd', learningRate: 0.1 } }, { rounds: 3, faults }))
          .digest;
      };
      expect(await all({ name })).to.not.equal(await all(null));
    });

  it('mimic among clients alike does not: what it repeats is right', async () => {
    expect(await squaredError({ name: 'mimic' }, 30, { centreSpread: 0 })).to.be.lessThan(1e-25);
  });
});
