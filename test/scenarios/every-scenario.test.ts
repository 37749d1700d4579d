import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { RunDirectory } from '../../coordinator/run-directory/run-directory.js';
import { GradswarmError } from '../../protocol/errors.js';
import { isSweep, type ScenarioInput, type SweepInput } from '../../protocol/scenario/input.js';
import { resolveScenario } from '../../protocol/scenario/resolve.js';
import type { Scenario } from '../../protocol/scenario/scenario.js';
import { resolveSweep } from '../../protocol/scenario/sweep.js';
import { loadScenario, shippedNames } from '../../scenarios/run/load.js';
import { loadCatalogue } from '../../scenarios/run/runtime.js';
import { runSession } from '../../scenarios/run/session.js';
import { readOnce } from '../../worker/read-data.js';

const ROUNDS = 2;

/** The folder is the list: what is shipped is under test as soon as its file is there. */
const names = shippedNames();
const catalogue = await loadCatalogue();

/** What is run under that name: one scenario, or every point of a sweep. */
async function resolved(name: string): Promise<readonly Scenario[]> {
  const input = await loadScenario(name);
  if (isSweep(input)) return (await resolveSweep(input as SweepInput, catalogue)).points.map((point) => point.scenario);
  return [await resolveScenario(input as ScenarioInput, catalogue)];
}

/** Of the points those whose method no earlier one has. */
function firstOfEachMethod(points: readonly Scenario[]): readonly Scenario[] {
  const first = new Map<string, Scenario>();
  for (const point of points) if (!first.has(point.method.name)) first.set(point.method.name, point);
  return [...first.values()];
}

/** The first rounds in one process. What is expected of the whole run is written out, and need not hold. */
function atSmokeSize(scenario: Scenario): Scenario {
  const rounds = Math.min(ROUNDS, scenario.rounds);
  return {
    ...scenario,
    rounds,
    workers: { ...scenario.workers, count: 0 },
    evaluation: { ...scenario.evaluation, everyRounds: Math.min(rounds, scenario.evaluation.everyRounds) },
    checkpoints: { ...scenario.checkpoints, everyRounds: null },
  };
}

describe('every shipped scenario', () => {
  let folder: string;
  before(() => {
    folder = mkdtempSync(join(tmpdir(), 'gradswarm-every-scenario-'));
  });
  after(() => rmSync(folder, { recursive: true }));

  it('is found: the library is not empty', () => {
    expect(names).to.include('quick-start');
  });

  for (const name of names) {
    it(`${name}: has the name of its file, says what it is about, what it expects and how long it takes (a minute at most)`, async () => {
      const input = await loadScenario(name);
      expect(isSweep(input) ? input.sweep : input.name).to.equal(name);
      expect(input.description).to.be.a('string').and.have.length.greaterThan(40);
      const each = (await resolved(name)).flatMap((point) => point.expect);
      expect([...(input.expect ?? []), ...each], 'expectations').to.not.have.length(0);
      expect(input.expectedSeconds).to.be.a('number').within(0, 60);
    });

    it(`${name}: its first ${ROUNDS} rounds run with every method it names`, async function () {
      const readData = readOnce();
      for (const [index, point] of firstOfEachMethod(await resolved(name)).entries()) {
        const directory = join(folder, `${name}-${index}`);
        try {
          const scenario = atSmokeSize(point);
          const create = () => RunDirectory.create({ root: folder, scenarioName: name, scenario, path: directory });
          const { outcome } = await runSession(scenario, create, {
            listen: null,
            signal: new AbortController().signal,
            readData,
            // One report a scenario: plots take longer than most of these runs.
            ...(index > 0 && { drawReport: async () => '' }),
          });
          const { summary, stateDigest } = outcome;
          expect(stateDigest).to.match(/^[0-9a-f]{64}/);
          expect(summary).to.include({ rounds: Math.min(ROUNDS, point.rounds) });
          const rows = readFileSync(join(directory, 'metrics.csv'), 'utf8').trim().split('\n').slice(1);
          expect(rows).to.have.length(Math.min(ROUNDS, point.rounds));
        } catch (error) {
          if (!(error instanceof GradswarmError && error.code === 'ERR_DATA_MISSING')) throw error;
          console.log(`      skipped: ${error.message}`);
          return this.skip();
        }
      }
    });
  }
});
