import { readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect } from 'chai';
import { checkScenario, isScenarioPath } from '../../../scenarios/check/check-scenario.js';
import { runInput, temporaryFolder } from '../../support/scripted-run.js';

const METHOD = fileURLToPath(new URL('../../../protocol/methods/gossip/dgd.js', import.meta.url));
const input = { method: 'sgd', objective: { name: 'quadratic', dimension: 2 }, data: 'none', rounds: 7 };

function fileOf(name: string, text: string): string {
  const path = join(temporaryFolder(), name);
  writeFileSync(path, text);
  return path;
}

const refusal = (path: string) =>
  checkScenario(path).then(
    () => 'accepted',
    (error: Error) => error.message,
  );

describe('a scenario that is checked without running it', () => {
  it('is a shipped name, JSON, the folder of a run or a module that exports one; a method is none', async () => {
    const { path } = await runInput({ name: 'one', ...input });
    const json = fileOf('mine.json', JSON.stringify(input));
    const module = fileOf('mine.mjs', `export default ${JSON.stringify({ sweep: 'mine', base: input, over: {} })}`);
    for (const one of ['quick-start', json, path, module]) expect(await isScenarioPath(one), one).to.equal(true);
    expect(await isScenarioPath(METHOD)).to.equal(false);
    expect(await checkScenario(json)).to.deep.equal({ kind: 'scenario', name: 'mine', rounds: 7, points: 1 });
    expect((await checkScenario(path)).rounds).to.equal(7);
  });

  it('of a sweep counts its points and all their rounds', async () => {
    const sweep = { sweep: 'rates', base: input, over: { 'objective.dimension': [1, 2, 3] }, seeds: 2 };
    expect(await checkScenario(fileOf('sweep.json', JSON.stringify(sweep)))).to.deep.equal({
      kind: 'sweep',
      name: 'rates',
      rounds: 42,
      points: 6,
    });
  });

  it('that names what is not there, in settings or data, is refused as by run, and nothing is written', async () => {
    const misspelt = fileOf('misspelt.json', JSON.stringify({ ...input, clinets: 3 }));
    expect(await refusal(misspelt)).to.match(/clinets.*nearest is 'clients'/);
    const data = { name: 'csv-table', path: 'missing.csv' };
    const missing = fileOf('missing.json', JSON.stringify({ method: 'sgd', objective: 'softmax-regression', data }));
    expect(await refusal(missing)).to.match(/missing\.csv/);
    expect(readdirSync(join(missing, '..'))).to.deep.equal(['missing.json']);
  });
});
