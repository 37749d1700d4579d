import { spawnSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect } from 'chai';
import { folderWith, SCENARIO, stateOf } from '../support/own-modules.js';
import { temporaryFolder } from '../support/scripted-run.js';

const root = fileURLToPath(new URL('../../../', import.meta.url));

/** State digest of two rounds of quick-start in two worker processes, run by these arguments of Node. */
function digestOf(...program: string[]): string {
  const out = join(temporaryFolder(), 'run');
  const flags = ['run', 'quick-start', '--workers', '2', '--rounds', '2', '--quiet', '--out', out];
  const { stderr, status } = spawnSync(process.execPath, [...program, ...flags], { cwd: root, encoding: 'utf8' });
  expect(status, stderr).to.be.oneOf([0, 1]);
  return JSON.parse(readFileSync(join(out, 'manifest.json'), 'utf8')).stateDigest;
}

describe('the sources, run directly as CONTRIBUTING.md says', () => {
  it('start local workers from sources too, and end in the digest of the compiled program', () => {
    expect(digestOf('node_modules/tsx/dist/cli.mjs', 'scenarios/cli.ts')).to.equal(digestOf('dist/scenarios/cli.js'));
  });

  it('find modules of one’s own too, whose gradswarm is then the sources, in workers as well', () => {
    const scenario = join(folderWith({ 'voted.json': { use: ['./sign-vote.ts'], ...SCENARIO } }), 'voted.json');
    const run = (program: readonly string[], workers: string) => {
      const flags = ['run', scenario, '--workers', workers, '--out', join(temporaryFolder(), 'run')];
      return stateOf(spawnSync(process.execPath, [...program, ...flags], { cwd: root, encoding: 'utf8' }));
    };
    const compiled = run(['dist/scenarios/cli.js'], '0');
    expect(compiled).to.match(/^[\da-f]{64}$/);
    expect(run(['node_modules/tsx/dist/cli.mjs', 'scenarios/cli.ts'], '2')).to.equal(compiled);
  });

  it('serve sockets while a worker and then the coordinator compute for 6 s in one call, with a heartbeat of 2 s', () => {
    const blocked = (who: string) =>
      `if (at.index === 2${who}) for (const until = performance.now() + 6000; performance.now() < until; );`;
    const scenario = { use: ['./sign-vote.ts'], ...SCENARIO, workers: { heartbeatMs: 2000, onLoss: 'fail' } };
    const run = (isBlocked: boolean) => {
      const folder = folderWith({ 'voted.json': scenario });
      const file = join(folder, 'sign-vote.ts');
      if (isBlocked)
        writeFileSync(
          file,
          readFileSync(file, 'utf8')
            .replace('const gradient =', `${blocked(' && at.self === 0')} const gradient =`)
            .replace('const votes =', `${blocked('')} const votes =`),
        );
      const out = join(temporaryFolder(), 'run');
      const flags = ['run', join(folder, 'voted.json'), '--workers', isBlocked ? '2' : '0', '--out', out];
      const program = ['node_modules/tsx/dist/cli.mjs', 'scenarios/cli.ts', ...flags];
      return { state: stateOf(spawnSync(process.execPath, program, { cwd: root, encoding: 'utf8' })), out };
    };
    const long = run(true);
    expect(long.state).to.match(/^[\da-f]{64}$/);
    expect(readFileSync(join(long.out, 'session.jsonl'), 'utf8')).not.to.match(/"(lost|abandoned|reopened)"/);
    expect(run(false).state).to.equal(long.state);
  });
});
