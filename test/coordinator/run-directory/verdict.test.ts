import { expect } from 'chai';
import { exitStatus, verdictOf } from '../../../coordinator/run-directory/verdict.js';

function verdict(...holds: (boolean | 'unknown')[]) {
  return verdictOf(holds.map((each, i) => ({ name: `e${i}`, holds: each, observed: i })));
}

describe('verdictOf', () => {
  it('one failure outweighs an unknown, an unknown outweighs what holds, and no expectation at all is unknown', () => {
    expect(verdict(true, 'unknown', false).valid).to.equal(false);
    expect(verdict(true, 'unknown').valid).to.equal('unknown');
    expect(verdict(true, true).valid).to.equal(true);
    expect(verdict().valid).to.equal('unknown');
  });

  it('exit status is 0, 1, 2 for true, false, unknown', () => {
    expect([verdict(true), verdict(false), verdict('unknown')].map(exitStatus)).to.deep.equal([0, 1, 2]);
  });
});
