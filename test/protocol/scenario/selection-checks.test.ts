import { expect } from 'chai';
import { loadMethod } from '../../../protocol/method-loader.js';
import { resolveScenario } from '../../../protocol/scenario/resolve.js';
import { loadCatalogue } from '../../../scenarios/run/catalogue.js';
import { parityProblem } from '../../support/tiny-needs.js';

const CHOOSING = [
  'consensus-monte-carlo',
  'dsgld',
  'fa-ld',
  'fald',
  'fsgld',
  'psgld',
  'qlsd',
  'qlsd-plus-plus',
  'qlsd-star',
  'sghmc',
];

describe('selection', () => {
  it('the methods that choose their cohorts themselves are these', async () => {
    const methods = await Promise.all((await (await loadCatalogue()).methods.names()).map(loadMethod));
    expect(methods.filter(({ cohort }) => cohort).map(({ name }) => name)).to.have.members(CHOOSING);
  });

  for (const name of CHOOSING)
    it(`${name}: a cohort or Poisson sampling, which would change nothing, is refused`, async () => {
      const { clients, ...rest } = await parityProblem(await loadMethod(name), 'float64');
      const problemsOf = async (participation: object) =>
        resolveScenario({ ...rest, clients, participation } as never, await loadCatalogue()).then(
          () => 'no problem',
          (error: Error) => error.message,
        );
      expect(await problemsOf({ cohort: 'all' })).to.equal('no problem');
      expect(await problemsOf({ cohort: clients })).to.equal('no problem');
      expect(await problemsOf({ cohort: clients - 1 })).to.include(
        `participation.cohort: expected 'all' with '${name}', which chooses its cohorts itself, got ${clients - 1}`,
      );
      expect(await problemsOf({ sampling: 'poisson' })).to.include(
        `participation.sampling: expected 'fixed' with '${name}', which chooses its cohorts itself`,
      );
    });
});
