import { expect } from 'chai';
import { scenarioSchema } from '../../../scenarios/report/json-schema.js';
import { loadScenario, shippedNames } from '../../../scenarios/run/load.js';
import { misfits } from '../../support/json-schema.js';
import { resolved } from '../../support/scripted-run.js';

describe('the JSON Schema of scenarios', () => {
  let schema: Awaited<ReturnType<typeof scenarioSchema>>;
  before(async () => {
    schema = JSON.parse(JSON.stringify(await scenarioSchema()));
  });
  const wrong = (input: object) => misfits(JSON.parse(JSON.stringify(input)), schema as never);

  it('accepts every shipped scenario and sweep, and $schema', async () => {
    for (const name of shippedNames())
      expect(wrong({ $schema: './gradswarm.schema.json', ...(await loadScenario(name)) }), name).to.deep.equal([]);
  });

  const sound = { method: 'sgd', data: 'gaussian-clusters' };
  const cases: readonly [what: string, input: object, path: string][] = [
    ['a part', { ...sound, roundz: 3 }, '.roundz'],
    ['a method', { ...sound, method: 'sdg' }, '.method'],
    ['a setting of a method', { ...sound, method: { name: 'fedavg', localEpoch: 2 } }, '.method.localEpoch'],
    ['a value of another type', { ...sound, method: { name: 'fedavg', localEpochs: '2' } }, '.method.localEpochs'],
    ['a value out of range', { ...sound, clients: 0 }, '.clients'],
    [
      'a setting inside a setting',
      { ...sound, method: { name: 'sgd', optimizer: { name: 'adam', beta3: 1 } } },
      '.method.optimizer.beta3',
    ],
    [
      'a setting of a partition',
      { ...sound, data: { name: 'mnist', partition: { name: 'dirichlet', alfa: 1 } } },
      '.data.partition',
    ],
    ['a setting of a codec', { ...sound, codecs: { gradient: { name: 'top-k', fractions: 0.1 } } }, '.codecs.gradient'],
    ['a setting of a fault', { ...sound, faults: [{ fault: 'drop', probabilty: 1 }] }, '.faults.0.probabilty'],
    ['a setting that must be given', { ...sound, expect: [{ name: 'above', value: 1 }] }, '.expect.0'],
    ['no data', { method: 'sgd' }, ''],
  ];
  for (const [what, input, path] of cases)
    it(`rejects ${what} that is not right, as the scenario's own check does`, async () => {
      expect(wrong(input)[0]).to.match(new RegExp(`^${path.replaceAll('.', '\\.')}(: |$)`));
      const problem = await resolved({ name: 'x', ...input } as never).then(
        () => 'accepted',
        (error: Error) => error.message,
      );
      expect(problem).to.match(/^ERR_SCENARIO/);
    });

  it('accepts the path of a module in place of a name', () => {
    expect(wrong({ ...sound, method: { name: './sign-vote.ts' } })).to.deep.equal([]);
  });
});
