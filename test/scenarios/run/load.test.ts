import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect } from 'chai';
import type { ScenarioInput } from '../../../protocol/scenario/input.js';
import { resolveScenario } from '../../../protocol/scenario/resolve.js';
import { loadScenario, shippedNames } from '../../../scenarios/run/load.js';
import { tinyCatalogue } from '../../support/tiny-catalogue.js';

const CONSTRUCTORS = fileURLToPath(new URL('../../../protocol/scenario/input.js', import.meta.url));
const input = { name: 'mine', method: { name: 'fedavg', localEpochs: 3 }, data: 'mnist', clients: 4 };

describe('loadScenario', () => {
  let folder: string;
  const file = (name: string, text: string) => {
    writeFileSync(join(folder, name), text);
    return join(folder, name);
  };
  const problemOf = (name: string) =>
    loadScenario(name, folder).then(
      () => 'no problem',
      (error: Error) => error.message,
    );

  before(() => {
    folder = mkdtempSync(join(tmpdir(), 'gradswarm-load-'));
    file('quick-start.js', `export default ${JSON.stringify({ ...input, name: 'quick-start' })};`);
    file(
      'label-skew.js',
      `export default ${JSON.stringify({ sweep: 'label-skew', base: input, over: { seed: [1] } })};`,
    );
    file('notes.txt', 'not a scenario');
  });
  after(() => rmSync(folder, { recursive: true }));

  it('finds what is shipped by name and lists it sorted', async () => {
    expect(shippedNames(folder)).to.deep.equal(['label-skew', 'quick-start']);
    expect(await loadScenario('quick-start', folder)).to.include({ name: 'quick-start' });
    expect(await loadScenario('label-skew', folder)).to.include({ sweep: 'label-skew' });
  });

  it('skips a byte order mark in JSON', async () => {
    expect(await loadScenario(file('marked.json', `\uFEFF${JSON.stringify(input)}`))).to.deep.include(input);
  });

  it('reads the same from TypeScript, JavaScript, JSON and the record of a run', async () => {
    const code = `import { scenario } from ${JSON.stringify(CONSTRUCTORS)};
      export default scenario('mine', { method: { name: 'fedavg', localEpochs: 3 }, data: 'mnist', clients: 4 });`;
    const typed = `${code}\nexport const unused: number = 1 satisfies number;`;
    file('scenario.json', JSON.stringify(input));
    const paths = [file('mine.ts', typed), file('mine.mjs', code), file('mine.json', JSON.stringify(input)), folder];
    const resolved = [];
    for (const path of paths)
      resolved.push(await resolveScenario((await loadScenario(path)) as ScenarioInput, tinyCatalogue));
    for (const one of resolved) expect(one).to.deep.equal(resolved[0]);
    expect(resolved[0]!.method.localEpochs).to.equal(3);
    for (const name of ['scenario.json', 'mine.ts']) rmSync(join(folder, name));
  });

  it('says which shipped name is nearest', async () => {
    expect(await problemOf('quikstart')).to.equal(
      "ERR_SCENARIO: expected the name of a scenario, got 'quikstart'; nearest is 'quick-start' (known: label-skew, quick-start; see 'gradswarm list')",
    );
  });

  it('gives a sweep without a name that of its file', async () => {
    const unnamed = file('rates.json', JSON.stringify({ base: {}, over: { seed: [1, 2] } }));
    expect(await loadScenario(unnamed)).to.deep.include({ sweep: 'rates', over: { seed: [1, 2] } });
  });

  it('says what is wrong with a path', async () => {
    expect(await problemOf('./no/such.json')).to.include(
      'expected a scenario file or a run directory, got nothing there',
    );
    expect(await problemOf(folder)).to.include(
      'expected a directory with a scenario.json or a sweep.json, got one without',
    );
    expect(await problemOf(join(folder, 'notes.txt'))).to.include('expected a .ts, .js, .mjs or .json file');
    expect(await problemOf(file('broken.json', '{"name":'))).to.match(
      /broken\.json: line 1, column 9: expected JSON: /,
    );
    const commented = '\uFEFF{\n  "clients": 2, // two\n  "rounds": 1\n}';
    expect(await problemOf(file('commented.json', commented))).to.match(/line 2, column 17: .*comments/);
    const twice = '{"rounds": 2,\n "method": {"a:\\"b": 1, "c": 1},\n "method": {"name": "sgd"}}';
    expect(await problemOf(file('twice.json', twice))).to.match(
      /twice\.json: line 3, column 2: expected each key once in an object, got the key of line 2 again: .*"method"/,
    );
    expect(await problemOf(file('list.json', '[1]'))).to.include(
      'list.json: expected a scenario or a sweep, got a list',
    );
    expect(await problemOf(file('neither.json', '{"rounds": 1}'))).to.include(
      "got an object without 'method' (a scenario) and 'base' (a sweep)",
    );
    expect(await problemOf(file('empty.mjs', 'export const a = 1;'))).to.include(
      'expected a scenario or a sweep as the default export',
    );
    expect(await problemOf(file('throws.mjs', 'throw new Error("no luck");'))).to.include(
      'the module cannot be loaded: no luck',
    );
  });
});
