import { expect } from 'chai';
import { applicable } from '../../../protocol/scenario/applicable.js';
import type { ScenarioInput, SweepInput } from '../../../protocol/scenario/input.js';
import { parseAssignment } from '../../../protocol/scenario/set-path.js';
import { withAssignments } from '../../../scenarios/run/changed-settings.js';
import { growthText } from '../../../scenarios/run/growth.js';

const RUN: ScenarioInput = {
  name: 'base',
  method: { name: 'sgd', stepSize: 0.1 },
  data: 'mnist',
  rounds: 30,
  expect: [{ name: 'above', of: 'finalAccuracy', value: 0.8 }],
};
const SWEEP = { sweep: 's', base: RUN, over: { 'method.stepSize': [0.1, 0.2], seed: [1, 2, 3] } } as SweepInput;

const changed = (input: ScenarioInput | SweepInput, ...texts: string[]) =>
  withAssignments(input, texts.map(parseAssignment)) as unknown as {
    changed?: string[];
    base: { changed?: string[] };
  };

describe('a changed setting', () => {
  it('is named where it changes what a run computes', () => {
    expect(changed(RUN, 'rounds=40', 'method.stepSize=0.2').changed).to.deep.equal(['rounds', 'method.stepSize']);
  });

  it('is not named where it has its old value, or where it says how a run is done', () => {
    const alike = changed(RUN, 'rounds=30', 'seed=4', 'workers.count=2', 'device=cpu', 'checkpoints.everyRounds=3');
    expect(alike.changed).to.equal(undefined);
  });

  it('of a record that was changed before adds to it', () => {
    expect(changed({ ...RUN, changed: ['clients'] }, 'rounds=40').changed).to.deep.equal(['clients', 'rounds']);
  });

  it("leaves the user's own expectations to be judged", () => {
    expect(changed(RUN, 'rounds=40', 'expect=[]').changed).to.equal(undefined);
  });

  it('of a sweep: one of the swept values changes the comparison alone, another value the points too, a seed neither', () => {
    const one = changed(SWEEP, 'method.stepSize=0.2');
    expect([one.changed, one.base.changed]).to.deep.equal([['method.stepSize'], undefined]);
    const other = changed(SWEEP, 'method.stepSize=0.3');
    expect([other.changed, other.base.changed]).to.deep.equal([['method.stepSize'], ['method.stepSize']]);
    const seed = changed(SWEEP, 'seed=7');
    expect([seed.changed, seed.base.changed]).to.deep.equal([undefined, undefined]);
  });

  it('leaves finite to be judged, and gives the reason for the others', () => {
    const expected = [{ name: 'finite' }, { name: 'above', of: 'finalAccuracy', value: 0.8 }];
    expect(applicable(expected, ['rounds', 'clients', 'method.stepSize'])).to.deep.equal({
      judged: [{ name: 'finite' }],
      notApplicable: [{ name: 'above', because: 'because rounds, clients and method.stepSize were set' }],
    });
    expect(applicable(expected)).to.deep.equal({ judged: expected, notApplicable: [] });
  });
});

describe('growth of the loss', () => {
  const rows = (...losses: (number | null)[]) =>
    losses.map((loss, i) => ({
      ...{ round: i + 1, loss, accuracy: null, bytesUp: 0, bytesDown: 0, bytesPeer: 0 },
      ...{ simulatedMs: 0, wallMs: 0, extra: {} },
    }));

  it('is reported with both ends where the last is more than half above the first', () => {
    expect(growthText(rows(2, null, 9))).to.match(/^the loss grew from 2 \(round 1\) to 9 \(round 3\)/);
    expect(growthText(rows(2, Number.NaN))).to.match(/to NaN \(round 2\)/);
    expect(growthText(rows(-4, -1))).to.match(/from −4/);
  });

  it('is called unstable where the peers drift apart as well, and not where they stay together', () => {
    const apart = (...errors: number[]) =>
      rows(1, 0.1, 0.2, 5).map((row, i) => ({ ...row, extra: { consensusError: errors[i]! } }));
    expect(growthText(apart(0.03, 0.02, 30, 5e4))).to.match(
      /^the loss grew from 1 \(round 1\) to 5 \(round 4\) and the peers drift apart .* the run is unstable, .* topology allows/,
    );
    expect(growthText(apart(0.03, 0.02, 0.02, 0.02))).to.match(/diverges or overfits/);
  });

  it('is reported of a classifier that is ten times worse than equal guesses from its first measurement on', () => {
    expect(growthText(rows(900, 24), 10)).to.match(/^the loss ended at 24, above ln\(10\) = 2\.3026/);
    expect(growthText(rows(900, 22), 10)).to.equal(null);
  });

  it('is not reported of a run that learnt, nor of one that was measured once', () => {
    for (const losses of [[2, 1], [2, 2.9], [-4, -5], [7], []]) expect(growthText(rows(...losses))).to.equal(null);
  });
});
