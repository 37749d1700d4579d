import '../support/loaded-rules.js';
import { expect } from 'chai';
import { optimizers } from '../../protocol/optimizers/load-optimizer.js';
import type { AnyOptimizerFamily } from '../../protocol/optimizers/optimizer.js';
import { type OptimizerNeeds, optimizerClaims } from '../../scenarios/check/optimizer-claims.js';
import { defaultExports } from '../support/default-exports.js';

const folder = new URL('../../protocol/optimizers/', import.meta.url);
const families = [...((await defaultExports(folder)) as ReadonlyMap<string, AnyOptimizerFamily>)];

const NEEDS: Readonly<Record<string, OptimizerNeeds>> = {
  adagrad: { peak: 1 },
  'adagrad-norm': { peak: 2 },
  'fed-adagrad': { peak: 1 },
  muon: { settings: { vectorRateFactor: 0.3 } },
  lars: { settings: { trustCoefficient: 0.1 } },
};

describe('every optimizer', () => {
  it('is found under the name of its file, and nothing else of the folder is', () => {
    expect(families.map(([file]) => file)).to.deep.equal(optimizers.names());
    for (const [file, family] of families) expect(optimizers.find(file)).to.equal(family);
  });

  for (const [name, family] of families)
    describe(name, () => {
      for (const { title, run } of optimizerClaims(family, NEEDS[name])) it(title, run);
    });
});
