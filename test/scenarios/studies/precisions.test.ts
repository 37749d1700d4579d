import { join } from 'node:path';
import { expect } from 'chai';
import type { ScenarioInput } from '../../../protocol/scenario/input.js';
import { resolveScenario } from '../../../protocol/scenario/resolve.js';
import { builtInNames } from '../../../scenarios/plug-ins/extension-points.js';
import { loadCatalogue } from '../../../scenarios/run/catalogue.js';
import { runScenario } from '../../../scenarios/run/runtime.js';
import { studies } from '../../../scenarios/run/study.js';
import { temporaryFolder } from '../../coordinator/run-directory/temporary-folder.js';

/** A small scenario for each study. */
const STUDIED: Readonly<Record<string, Omit<ScenarioInput, 'name'>>> = {
  'gradient-estimate': {
    method: { name: 'diff2', calibration: 'none', refreshRadius: 1e200, differenceRadius: 1e200, refreshPeriod: 2 },
    objective: { name: 'small-network', hidden: [3] },
    data: { name: 'privacy-regression', examples: 40, testExamples: 5 },
    clients: 2,
    rounds: 3,
    study: { name: 'gradient-estimate', clippedDifferencesEvery: 2 },
  },
  'gradient-inversion': {
    method: { name: 'fedavg', batchSize: 10 },
    objective: { name: 'small-network', hidden: [8], activation: 'sigmoid' },
    data: { name: 'gaussian-clusters', classes: 4, features: 9, examples: 400, separation: 2 },
    clients: 2,
    rounds: 1,
    study: { name: 'gradient-inversion', victims: 1, images: 2 },
  },
  'privacy-audit': {
    method: {
      name: 'dp-sgd',
      sampling: 1,
      expectedBatchSize: 100,
      clippingRadius: 1,
      noiseMultiplier: 8,
      optimizer: { name: 'sgd', learningRate: 1 },
    },
    objective: { name: 'linear-regression', bias: false },
    data: { name: 'canaries', canaries: 200 },
    clients: 2,
    rounds: 2,
    privacy: { delta: 2e-5 },
    study: { name: 'privacy-audit', guesses: 50 },
  },
};

const folder = temporaryFolder();
const catalogue = await loadCatalogue();

async function summaryOf(name: string, precision: 'float32' | 'float64') {
  const scenario = await resolveScenario({ name: `studied-${name}`, ...STUDIED[name]!, precision }, catalogue);
  const run = await runScenario(scenario, {
    directory: join(folder(), 'run'),
    listen: null,
    signal: new AbortController().signal,
  });
  return run.summary;
}

describe('every study', () => {
  it('has a small scenario here', () => {
    expect(Object.keys(STUDIED)).to.have.members([...builtInNames(studies)]);
  });

  for (const name of Object.keys(STUDIED))
    for (const precision of ['float32', 'float64'] as const)
      it(`${name}: has all its figures, finite numbers, under ${precision}`, async () => {
        const summary = await summaryOf(name, precision);
        const promised = studies.get(name).figures ?? [];
        expect(promised).not.to.have.length(0);
        for (const figure of promised) {
          const isIt = (key: string) => (figure.endsWith('*') ? key.startsWith(figure.slice(0, -1)) : key === figure);
          const found = Object.keys(summary).filter(isIt);
          expect(found, figure).not.to.have.length(0);
          for (const key of found) expect(summary[key], key).to.satisfy(Number.isFinite);
        }
      });
});
