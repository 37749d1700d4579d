import { appendFileSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { moduleDigest } from '../../../scenarios/plug-ins/digest.js';
import { EXAMPLES, folderWith, gradswarm, SCENARIO } from '../../support/own-modules.js';

describe('modules of one\u2019s own', function () {
  // Each starts processes of the command; a loaded machine takes its time.
  this.timeout(240_000);

  it('say what is wrong with them: a name that is taken, nothing defined, no file, no TypeScript', () => {
    const taken = readFileSync(join(EXAMPLES, 'sign-vote.ts'), 'utf8').replace("name: 'sign-vote'", "name: 'sgd'");
    const folder = folderWith({
      'taken.ts': taken,
      'empty.ts': 'export const x = 1;',
      'broken.ts': 'export const = 1;',
      'voted.json': SCENARIO,
    });
    const refused = (module: string) => {
      const { status, stderr } = gradswarm(folder, 'run', '../voted.json', '--use', module);
      return `${status} ${stderr}`;
    };
    expect(refused('../taken.ts')).to.match(/^3 .*taken\.ts' defines the method 'sgd', a name that is taken/);
    expect(refused('../empty.ts')).to.match(/^3 .*what defineMethod, defineCodec, … return, got x/);
    expect(refused('../none.ts')).to.match(/^3 .*got nothing at/);
    expect(refused('../broken.ts')).to.match(/^3 .*broken\.ts' cannot be loaded/);
    expect(refused('no-such-package')).to.match(/^3 .*an installed package, got 'no-such-package'/);
  });

  it('have a digest of the file and of what it imports by path, whatever its name and folder', async () => {
    const tool = 'export const one = 1;';
    const folder = folderWith({ 'a.ts': "import { one } from './tool.js';\nexport default one;", 'tool.ts': tool });
    const same = folderWith({ 'b.ts': "import { one } from './tool.js';\nexport default one;", 'tool.ts': tool });
    const digest = await moduleDigest(join(folder, 'a.ts'));
    expect(await moduleDigest(join(same, 'b.ts'))).to.equal(digest);
    appendFileSync(join(same, 'tool.ts'), '\n');
    expect(await moduleDigest(join(same, 'b.ts'))).not.to.equal(digest);
  });
});
