import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { scenario, sweep } from '../../../scenarios/api/scenario.js';
import { checkScenario, isScenarioPath } from '../../../scenarios/check/check-scenario.js';
import { runSweep } from '../../../scenarios/run/program.js';
import { temporaryFolder } from '../../support/scripted-run.js';

const base = { method: 'sgd', objective: { name: 'quadratic', dimension: 2 }, data: 'none', rounds: 2 } as const;

describe('a sweep without a name', () => {
  it("is 'sweep' in a program, over a scenario or what could be one", async () => {
    for (const [place, input] of Object.entries({
      plain: sweep({ base, over: { seed: [1, 2] } }),
      made: sweep({ base: scenario(base), over: { seed: [1, 2] } }),
    })) {
      const directory = join(temporaryFolder(), place);
      const { points } = await runSweep(input, { directory });
      expect(points.map(({ label }) => label)).to.deep.equal(['seed=1', 'seed=2']);
    }
  });

  it('has the name of its file elsewhere', async () => {
    const folder = temporaryFolder();
    writeFileSync(join(folder, 'seeds.json'), JSON.stringify({ base, over: { seed: [1, 2] } }));
    writeFileSync(join(folder, 'more.mjs'), `export default ${JSON.stringify({ base, over: { seed: [1, 2] } })}`);
    for (const [file, name] of Object.entries({ 'seeds.json': 'seeds', 'more.mjs': 'more' })) {
      expect(await isScenarioPath(join(folder, file))).to.equal(true);
      expect(await checkScenario(join(folder, file))).to.deep.equal({ kind: 'sweep', name, rounds: 4, points: 2 });
    }
  });
});
