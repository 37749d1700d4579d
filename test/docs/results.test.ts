import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect } from 'chai';

const root = fileURLToPath(new URL('../../../', import.meta.url));
const STATUS =
  /^\| (.* \| \*\*(reproduced|not reproduced|reconstruction agrees|reconstruction does not agree|not judged)\*\*.*) \|$/;

/** Rows of claims: claim, source, judged on, observed, status and note. */
const claims = readFileSync(join(root, 'docs', 'results.md'), 'utf8')
  .split('\n')
  .flatMap((line) => STATUS.exec(line)?.[1] ?? [])
  .map((row) => row.split(' | '));

describe('docs/results.md', () => {
  it('names for every claim runs of three seeds or more', () => {
    expect(claims).to.have.length.greaterThan(20);
    for (const [claim, , runs] of claims) expect(runs, claim).to.match(/; seeds \d+(, \d+){2,}$/);
  });

  it('calls nothing reproduced whose source or note says that it is not from the paper itself', () => {
    const doubted = claims.filter(([, source, , , status]) =>
      /from memory|summed up by others|not read|not checked|the method and the claim are/.test(`${source} ${status}`),
    );
    expect(doubted).to.have.length.greaterThan(5);
    for (const [claim, , , , status] of doubted) expect(status, claim).not.to.match(/^\*\*(not )?reproduced/);
  });

  it('shows of every comparison both numbers, and the interval over the seeds', () => {
    const compared = claims.filter(([, , runs]) => runs!.includes(' against '));
    expect(compared).to.have.length.greaterThan(10);
    for (const [claim, , , observed] of compared)
      expect(observed, claim).to.match(
        /[\d.]+ (after \d+ rounds )?\(.*( \/ | is reached after )[\d.e+-]+ .*95 % interval -?[\d.e+-]+ to [\d.e+-]+, \d+ seeds\)/,
      );
  });
});
