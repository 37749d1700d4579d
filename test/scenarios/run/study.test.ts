import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import type { ScenarioInput } from '../../../protocol/scenario/input.js';
import { resolveScenario } from '../../../protocol/scenario/resolve.js';
import { builtInNames } from '../../../scenarios/plug-ins/extension-points.js';
import { loadCatalogue } from '../../../scenarios/run/catalogue.js';
import { runScenario } from '../../../scenarios/run/runtime.js';
import { studies } from '../../../scenarios/run/study.js';
import { temporaryFolder } from '../../coordinator/run-directory/temporary-folder.js';

const input: ScenarioInput = {
  name: 'studied',
  method: { name: 'diff2', calibration: 'none', refreshRadius: 1e200, differenceRadius: 1e200, refreshPeriod: 4 },
  objective: { name: 'small-network', hidden: [3] },
  data: { name: 'privacy-regression', examples: 40, testExamples: 5 },
  clients: 2,
  rounds: 5,
  precision: 'float64',
  study: { name: 'gradient-estimate' },
};

const catalogue = await loadCatalogue();
let runs = 0;
let folder = () => '';
const run = async (over: Partial<ScenarioInput> = {}) =>
  runScenario(await resolveScenario({ ...input, ...over }, catalogue), {
    directory: join(folder(), `run-${runs++}`),
    listen: null,
    signal: new AbortController().signal,
  });

describe('scenarios/study', () => {
  folder = temporaryFolder();

  it('every file of the folder is a study that says what it measures', async () => {
    await studies.loadAll(builtInNames(studies));
    expect(studies.names()).to.include.members(['gradient-estimate', 'gradient-inversion', 'privacy-audit']);
    for (const name of studies.names()) expect(studies.get(name).summary).not.to.equal('');
  });

  it('its figures join the summary: without noise the estimator error of DIFF2 is 0 to 1e-20', async () => {
    const { summary } = await run();
    expect(summary.meanEstimatorError).to.be.below(1e-20);
    expect(summary.settledSquaredGradient).to.be.above(1e-6);
  });

  it('its columns can be expected: meanSquaredGradient above 0 holds, below 0 does not', async () => {
    const expect_ = (name: string) => [{ name, of: 'meanSquaredGradient', value: 0 }];
    expect((await run({ expect: expect_('above') })).verdict.valid).to.equal(true);
    expect((await run({ expect: expect_('below') })).verdict.valid).to.equal(false);
  });

  it('settings are completed and checked by the study, and an unknown name gets the nearest one', async () => {
    const resolved = await resolveScenario(input, catalogue);
    expect(resolved.study).to.deep.equal({ name: 'gradient-estimate', settledShare: 0.2, clippedDifferencesEvery: 0 });
    const error = async (study: ScenarioInput['study']) =>
      resolveScenario({ ...input, study: study! }, catalogue).then(
        () => '',
        (problem: Error) => problem.message,
      );
    expect(await error({ name: 'gradient-estimate', settledShare: 2 })).to.match(/settledShare: expected a number in/);
    expect(await error('gradient-estimates')).to.match(/study.*gradient-estimate/);
  });

  it('a private run says so in its summary and manifest; seeded noise is not private', async () => {
    const { summary, directory } = await run({ method: { name: 'diff2', rounds: 5 } });
    expect(summary.private).to.equal(false);
    expect(summary.finalEpsilon).to.be.closeTo(3, 1e-6);
    expect(JSON.parse(readFileSync(`${directory}/manifest.json`, 'utf8')).notPrivate).to.match(/seed/);
    expect(readFileSync(`${directory}/report.html`, 'utf8')).to.match(/Not private\./);
    expect(readFileSync(`${directory}/ledger.jsonl`, 'utf8').trim().split('\n')).to.have.length(5);
    const secure = await run({ method: { name: 'diff2', rounds: 5 }, privacy: { noise: 'secure' } });
    expect(secure.summary.private).to.equal(true);
  });
});
