import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { readDraws } from '../../../coordinator/run-directory/draws.js';
import { RunDirectory } from '../../../coordinator/run-directory/run-directory.js';
import { finite } from '../../../protocol/scenario/expectations/finite.js';
import type { ScenarioInput } from '../../../protocol/scenario/input.js';
import { resolveScenario } from '../../../protocol/scenario/resolve.js';
import { posteriorTruth } from '../../../scenarios/posterior/posterior-truth.js';
import { loadCatalogue } from '../../../scenarios/run/catalogue.js';
import { runSession } from '../../../scenarios/run/session.js';

const catalogue = await loadCatalogue();
const resolved = (input: Omit<ScenarioInput, 'name'>) => resolveScenario({ name: 'posterior', ...input }, catalogue);

const GAUSSIAN: Omit<ScenarioInput, 'name'> = {
  method: { name: 'fsgld', stepSize: 0.002, delay: 20, chains: 4, burnInSteps: 200, thin: 3 },
  objective: { name: 'gaussian-mean', priorVariance: 1, problem: 'one-dimensional' },
  data: 'none',
  clients: 2,
  rounds: 60,
  precision: 'float64',
};
const DIGITS: Omit<ScenarioInput, 'name'> = {
  method: { name: 'fsgld', stepSize: 1e-3, delay: 5, chains: 2, surrogateForm: 'diagonal' },
  objective: { name: 'bayesian-network', hiddenWidths: [], surrogateSteps: 5 },
  data: { name: 'gaussian-clusters', classes: 3, features: 2, examples: 60, testExamples: 30 },
  clients: 2,
  rounds: 3,
};

describe('scenarios/posterior', () => {
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'gradswarm-'));
  });
  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  async function run(input: Omit<ScenarioInput, 'name'>) {
    const scenario = await resolved(input);
    const directory = RunDirectory.create({ root: folder, scenarioName: 'posterior', scenario });
    const { outcome } = await runSession(scenario, directory, { listen: null, signal: new AbortController().signal });
    return {
      summary: outcome.summary,
      verdict: outcome.verdict,
      page: readFileSync(join(directory.path, 'report.html'), 'utf8'),
      draws: join(directory.path, 'draws.npy'),
    };
  }

  it('a conjugate model: draws.npy, distances in the summary, and R-hat beside them in the report', async () => {
    const { summary, page, draws } = await run(GAUSSIAN);
    // (60 * 20 - 200) / 3 draws of each chain.
    expect(readDraws(draws).map(({ length }) => length)).to.deep.equal([333, 333, 333, 333]);
    expect(summary).to.include({ chains: 4, drawsPerChain: 333 });
    expect(summary.meanErrorSd).to.be.within(0, 0.3);
    expect(summary.covarianceError).to.be.within(0, 0.4);
    expect(page).to.contain('R-hat').and.to.contain('Distance from the true posterior (exact (conjugate))');
  });

  it('a network has no reference: the report says that its bias is not known, the summary has predictive figures', async () => {
    const { summary, page } = await run(DIGITS);
    expect(summary).to.not.have.any.keys('meanErrorSd', 'w2');
    expect(summary).to.include.keys('rhatMax', 'predictiveLoss', 'predictiveAccuracy', 'calibrationError');
    expect(page).to.contain('No reference posterior exists for this model');
  });

  it('chains that run away until the moments of their draws overflow are not valid, though every round has a finite loss', async () => {
    const { summary, verdict } = await run({
      ...GAUSSIAN,
      method: { ...(GAUSSIAN.method as object), name: 'dsgld', stepSize: 0.04 },
      evaluation: { everyRounds: 60 },
      expect: [finite({ growth: 'allowed' })],
    });
    expect(summary).to.include({ meanErrorSd: 'Infinity', w2: 'NaN', mixed: false });
    expect(verdict).to.deep.include({ valid: false });
    expect(verdict.expectations.map(({ detail }) => detail)).to.deep.equal(['meanErrorSd of the run is Infinity']);
  });

  it('linear regression: the truth from float64 shards is the same for every split', async () => {
    const regression = {
      method: 'dsgld',
      objective: { name: 'bayesian-linear-regression', priorVariance: 2, noiseVariance: 0.5 },
      data: { name: 'linear-regression', features: 3, examples: 60 },
    };
    const [two, five] = await Promise.all(
      [2, 5].map(async (clients) => (await posteriorTruth(await resolved({ ...regression, clients })))!),
    );
    two!.law.mean.forEach((value, i) => {
      expect(five!.law.mean[i]).to.be.closeTo(value, 1e-9);
    });
    expect(two!.source).to.equal('exact (conjugate)');
  });
});
