import { expect } from 'chai';
import type { AnyMethod } from '../../../protocol/method.js';
import type { ScenarioInput } from '../../../protocol/scenario/input.js';
import { resolveScenario } from '../../../protocol/scenario/resolve.js';
import { loadCatalogue } from '../../../scenarios/run/catalogue.js';

const catalogue = await loadCatalogue();

async function problemOf(input: object): Promise<string> {
  const scenario = { name: 'tiny', data: 'gaussian-clusters', clients: 6, ...input } as ScenarioInput;
  return resolveScenario(scenario, catalogue).then(
    () => 'none',
    (error: Error) => error.message,
  );
}

/** Messages of clients to which the noise is added later. */
const SUMS = { 'dp-sgd': 'sum', 'dp-fedavg': 'update', 'dp-ftrl': 'sum', 'dp-gd': 'mean', diff2: 'mean' };

describe('a budget', () => {
  it('is refused with a private method that does not say what its clients release, whose first round could pass it', async () => {
    const { clientReleases: _, ...silent } = (await catalogue.methods.find('dp-sgd')) as AnyMethod;
    const methods = { ...catalogue.methods, find: () => silent as never };
    const problem = (budget: number | null) =>
      resolveScenario(
        { name: 'tiny', method: 'dp-sgd', data: 'gaussian-clusters', clients: 6, privacy: { budget } } as ScenarioInput,
        { ...catalogue, methods },
      ).then(
        () => 'none',
        (error: Error) => error.message,
      );
    expect(await problem(3)).to.match(
      /privacy\.budget: expected null with 'dp-sgd', which does not say with clientReleases what its clients release: .*, got 3/,
    );
    expect(await problem(null)).to.equal('none');
    const found = { ...silent, target: () => null };
    const made = { ...catalogue.methods, find: () => found as never };
    const refused = await resolveScenario(
      { name: 'tiny', method: 'dp-sgd', data: 'gaussian-clusters', clients: 6 } as ScenarioInput,
      { ...catalogue, methods: made },
    ).catch(({ message }: Error) => message);
    expect(refused).to.match(/method\.name: expected a method with clientReleases or without target/);
  });

  it('is taken with every private method of the catalogue', async () => {
    const names = Object.keys(SUMS).concat('diff2-bvr-l-sgd', 'dp-fedavg-secure');
    for (const method of names) expect(await problemOf({ method, privacy: { budget: 9 } }), method).to.equal('none');
  });
});

describe('what may come between the messages of a private method and its noise', () => {
  for (const [method, kind] of Object.entries(SUMS)) {
    it(`${method}: a robust rule on '${kind}' is refused: the median of six, six times, moves by six times the radius`, async () => {
      for (const rule of ['median', ['nearest-neighbor-mixing'], 'norm-bounding'])
        expect(await problemOf({ method, aggregators: { [kind]: rule } })).to.match(
          new RegExp(`aggregators\\.${kind}: expected no rule, since '${method}' makes its noise for the plain sum`),
        );
    });

    it(`${method}: Byzantine clients that copy or use the vectors of others are refused, those that use their own are not`, async () => {
      const problem = (attack: string) =>
        problemOf({ method, faults: [{ fault: 'byzantine', clients: [5], attack, kind }] });
      for (const attack of ['mimic', 'inner-product', 'little-is-enough', 'adaptive', 'gaussian'])
        expect(await problem(attack), attack).to.match(
          new RegExp(`faults\\.0: expected no forged '${kind}' that depend on the vectors of other clients`),
        );
      for (const attack of ['sign-flip', 'scaling', 'replay']) expect(await problem(attack), attack).to.equal('none');
    });
  }

  it('what is private by itself may be handled in any way', async () => {
    const method = { name: 'dp-sgd', placement: 'local' };
    const faults = [{ fault: 'byzantine', clients: [5], attack: 'mimic', kind: 'noisedSum' }];
    expect(await problemOf({ method, aggregators: { noisedSum: 'median' }, faults })).to.equal('none');
  });

  it('methods that are not private take rules and attacks as before', async () => {
    const faults = [{ fault: 'byzantine', clients: [5], attack: 'mimic' }];
    expect(await problemOf({ method: 'fedavg', aggregators: { update: 'median' }, faults })).to.equal('none');
  });
});
