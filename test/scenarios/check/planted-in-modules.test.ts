import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { OutsideSources } from '../../../scenarios/check/parts/outside-sources.js';
import { folderWith } from '../../support/own-modules.js';

const example = (name: string) => readFileSync(`docs/examples/${name}`, 'utf8');

const PROGRAM = `
import { moduleClaims } from ${JSON.stringify(new URL('../../../scenarios/check/check-module.js', import.meta.url).href)};
const [, file, ...titles] = process.argv;
const claims = await moduleClaims(file);
const found = [];
for (const title of titles)
  found.push(await claims.find((one) => one.title.includes(title)).run().then(() => null, ({ message }) => message));
console.log(JSON.stringify(found));
`;

/** What the claims of a module with these words in their titles find, in order; null: they hold. In a process of its own, as it stays loaded. */
function problems(name: string, text: string, ...titles: readonly string[]): readonly (string | null)[] {
  const file = join(folderWith({ [name]: text }), name);
  const program = ['--input-type=module', '-e', PROGRAM, file, ...titles];
  const { stdout, stderr } = spawnSync(process.execPath, program, { encoding: 'utf8' });
  expect(stdout, stderr).not.to.equal('');
  return JSON.parse(stdout);
}

const POSTS = 'posts the kinds it declares';
const DRAWS = 'draws from the streams that it is given alone';

describe('planted in a module of one’s own', () => {
  it('numbers of Math.random and the clock are named with their lines, and others are not', () => {
    const sound = example('sign-vote.ts');
    const bad = sound
      .replace("'sign-vote'", "'dated-vote'")
      .replace(
        'const { step } = at.hyperparameters;',
        (line) => `${line}\n      Math.random(); new Date(); new Date(0);`,
      );
    const line = bad.split('\n').findIndex((text) => text.includes('Math.random')) + 1;
    const [held, message] = problems('dated-vote.ts', bad, POSTS, DRAWS);
    expect(held).to.equal(null);
    expect(message).to.match(
      new RegExp(
        `calls of Math\\.random \\(.*dated-vote\\.ts:${line}:\\d+\\), new Date\\(\\) \\(.*dated-vote\\.ts:${line}:\\d+\\):`,
      ),
    );
    expect(problems('sign-vote.ts', sound, POSTS, DRAWS)).to.deep.equal([null, null]);
  });

  it('a message that is posted twice and taken once is named with its round and kind', () => {
    const bad = example('sign-vote.ts')
      .replace("'sign-vote'", "'double-vote'")
      .replace(/at\.post\('vote'.*\n/, (line) => `${line.trimEnd()} ${line}`);
    const [message] = problems('double-vote.ts', bad, POSTS);
    expect(message).to.match(/^round 0: a client posted 'vote' 2 times, the coordinator took it once; round 1: /);
  });

  it('an objective that writes to the data is named with the array', () => {
    const bad = example('huber-regression.ts')
      .replace("'huber-regression'", "'writing-regression'")
      .replace(/const r = residual\(params, train, example\);/, (line) => `${line} train.features[0] = 1;`);
    const [message] = problems('writing-regression.ts', bad, 'float64: changes neither the parameters nor the data');
    expect(message).to.match(/^train\.features afterwards: number 0 of 120: expected .*, got 1$/);
  });
});

describe('OutsideSources', () => {
  it('puts everything back when the last of several tasks ends', async () => {
    const given = [Math.random, Date, Date.now, performance.now, crypto.randomUUID];
    const now = () => [Math.random, Date, Date.now, performance.now, crypto.randomUUID];
    const sources = new OutsideSources();
    let release = () => {};
    const first = sources.during(() => new Promise<void>((resolve) => (release = resolve)));
    await sources.during(async () => expect(new Date(5) instanceof Date).to.equal(true));
    expect(now()).not.to.deep.equal(given);
    release();
    await first;
    expect(now()).to.deep.equal(given);
    expect(
      await sources.during(async () => Date.now() > 0 && Math.random() < 1 && crypto.randomUUID().length),
    ).to.equal(36);
  });
});
