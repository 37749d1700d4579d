import { expect } from 'chai';
import { PostOffice } from '../../../protocol/party/post-office.js';
import { frameOf, layoutOf, layouts } from '../../support/hand-made-frames.js';

describe('a post office', () => {
  it('keeps what came early, and throws away what came for rounds that the party skips', () => {
    const office = new PostOffice(layouts.values(), { mode: 'fast', remote: null, shuffle: null });
    office.register(1);
    const { index } = layoutOf('model');
    const arrivals = () =>
      [2, 3, 4].map((round) => {
        const mailbox = office.open(1, round, 0);
        const arrival = mailbox.arrival(index, 0, 'coordinator');
        office.close(mailbox);
        return typeof arrival === 'object' && arrival !== null;
      });
    const send = () => {
      for (const round of [2, 3, 4]) office.post(frameOf('model', { from: 'coordinator', to: 1, round }));
    };
    send();
    office.skip(1, 3);
    expect(arrivals()).to.deep.equal([false, false, true]);
  });

  it('skips a round for all clients but those that take part, registered one by one or all at once', () => {
    const office = new PostOffice(layouts.values(), { mode: 'fast', remote: null, shuffle: null });
    office.registerAll(3);
    expect([0, 2, 3, 'coordinator' as const].map((party) => office.isLocal(party))).to.deep.equal([
      true,
      true,
      false,
      false,
    ]);
    const { index } = layoutOf('model');
    for (const to of [1, 2]) office.post(frameOf('model', { from: 'coordinator', to, round: 4 }));
    office.skipOthers(new Set([2]), 4);
    const came = [1, 2].map((party) => office.open(party, 4, 0).arrival(index, 0, 'coordinator') !== null);
    expect(came).to.deep.equal([false, true]);
  });
});
