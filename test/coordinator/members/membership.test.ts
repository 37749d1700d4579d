import { expect } from 'chai';
import { Membership } from '../../../coordinator/members/membership.js';

describe('membership', () => {
  it('the same process may take the seat again that it has lost: it is a member of the next generation', () => {
    const options = { onLoss: 'replay', silentMs: 1e9, waitMs: 1e9, prepareMs: 1e9 } as const;
    const membership = new Membership(2, 1, options, { epoch: 1, round: 0, nowMs: 0 });
    const join = { type: 'join', worker: 'a', name: 'host', seat: 0, nowMs: 0 } as const;
    membership.take(join);
    const first = membership.of('a')!;
    membership.take({ type: 'broke', worker: 'a', why: 'it was silent', nowMs: 1 });
    expect([first.lost, membership.of('a')]).to.deep.equal([true, undefined]);
    membership.take({ ...join, nowMs: 2 });
    const second = membership.of('a')!;
    expect([second.generation, second.lost, membership.host(1)]).to.deep.equal([2, false, second]);
    expect(membership.byToken(first.token)).to.equal(undefined);
  });
});
