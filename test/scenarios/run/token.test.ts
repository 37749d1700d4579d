import { statSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { keptToken } from '../../../scenarios/run/token.js';
import { temporaryFolder } from '../../support/scripted-run.js';

describe('the token of a command that is started again', () => {
  it('is drawn once, kept for its owner alone, and differs from file to file', () => {
    const folder = temporaryFolder();
    const file = join(folder, 'runs', 'one.token');
    const token = keptToken(file);
    expect(token).to.match(/^[\w-]{32}$/);
    expect(keptToken(file)).to.equal(token);
    expect(statSync(file).mode & 0o777).to.equal(0o600);
    expect(keptToken(join(folder, 'two.token'))).to.not.equal(token);
  });
});
