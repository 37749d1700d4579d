import { appendFileSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { folderWith, gradswarm, record, SCENARIO, stateOf } from '../support/own-modules.js';

describe('a resume with modules of one’s own', function () {
  this.timeout(180_000);

  it('refuses a changed module by name and SHA-256, leaves the run as it was, and takes the same content from elsewhere', () => {
    const checkpoints = { everyRounds: 2 };
    const folder = folderWith({ 'voted.json': { use: ['./sign-vote.ts'], ...SCENARIO, checkpoints } });
    const undisturbed = gradswarm(folder, 'run', '../voted.json', '--rounds', '6', '--out', 'undisturbed');
    gradswarm(folder, 'run', '../voted.json', '--out', 'run');
    const file = join(folder, 'elsewhere', 'run', 'manifest.json');
    // As a process leaves it that was killed before its end.
    const manifest = { ...record(folder, 'run', 'manifest.json'), finishedAt: null };
    writeFileSync(file, JSON.stringify(manifest));
    appendFileSync(join(folder, 'sign-vote.ts'), '// changed\n');
    for (const more of [[], ['--rounds', '6']]) {
      const { status, stderr } = gradswarm(folder, 'resume', 'run', ...more);
      expect([status, stderr]).to.satisfy(
        ([code, text]: [number, string]) =>
          code === 3 && text.includes("sign-vote.ts' with SHA-256") && text.includes('another version'),
      );
    }
    expect(JSON.parse(readFileSync(file, 'utf8')).extended).to.equal(undefined);
    const moved = join(folderWith({}), 'sign-vote.ts');
    expect(stateOf(gradswarm(folder, 'resume', 'run', '--rounds', '6', '--use', moved))).to.equal(stateOf(undisturbed));
  });
});
