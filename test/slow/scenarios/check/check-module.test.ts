import { spawnSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect } from 'chai';
import { temporaryFolder } from '../../../support/scripted-run.js';

const CLI = fileURLToPath(new URL('../../../../scenarios/cli.js', import.meta.url));
const signVote = readFileSync(new URL('../../../../../docs/examples/sign-vote.ts', import.meta.url), 'utf8');

/** What `gradswarm check` prints about a module, and its status. */
function checked(text: string, ...flags: string[]): { readonly status: number | null; readonly stdout: string } {
  const file = join(temporaryFolder(), 'module.ts');
  writeFileSync(file, text);
  const { status, stdout, stderr } = spawnSync(process.execPath, [CLI, 'check', file, ...flags], { encoding: 'utf8' });
  return { status, stdout: stdout || stderr };
}

describe('gradswarm check', function () {
  // Each starts processes of the command; a loaded machine takes its time.
  this.timeout(240_000);

  it('a sound method holds every claim', () => {
    const { status, stdout } = checked(signVote);
    expect(stdout).to.match(/method sign-vote: 32 claims\n[\s\S]*32 of 32 claims hold/);
    expect(status).to.equal(0);
  });

  it('planted: memory outside the state, and a state changed in place, are found and named', () => {
    const bad = signVote
      .replace('interface Server', 'let rounds = 0;\n\ninterface Server')
      .replace('return { x: x.map(', 'rounds++;\n      (x as Vector)[0] = rounds;\n      return { x: x.map(');
    const { status, stdout } = checked(bad, '--quiet');
    expect(stdout).to.include(
      'NOT MET  float64: 5 rounds, a checkpoint, and the other 7 give the bits of 12 in one go',
    );
    expect(stdout).to.include('the coordinator changed its state in place');
    expect(stdout).not.to.include('  met  ');
    expect(status).to.equal(1);
  });

  it('planted: a codec that loses more than it promises, and reads bytes that are cut short', () => {
    const { status, stdout } = checked(
      `import { defineCodec, defineSettings, zeros } from 'gradswarm/codec';
       export default defineCodec({
         name: 'nothing', summary: 'Sends nothing', settings: defineSettings({}),
         create: () => ({
           name: 'nothing', contract: 'lossless',
           encode: (value) => new Uint8Array(value.length),
           decode: (_body, length, precision) => zeros(length, precision),
         }),
       });`,
      '--json',
    );
    const [{ kind, name, claims }] = JSON.parse(stdout);
    expect([kind, name, status]).to.deep.equal(['codec', 'nothing', 1]);
    const failed = claims
      .filter(({ holds }: { holds: boolean }) => !holds)
      .map(({ title }: { title: string }) => title);
    for (const title of ['keeps its contract', 'refuses NaN', 'refuses bytes that are cut', 'decodes the same numbers'])
      expect(failed.join('\n')).to.include(title);
  });
});
