import { expect } from 'chai';
import { RoundMailbox } from '../../../protocol/party/mailbox.js';
import type { Frame } from '../../../protocol/wire/frame.js';
import { GRADIENT, gradientFrame, MODEL, numberIn } from '../../support/frames.js';

const quiet = { blocked: () => {}, released: () => {} };
const box = () => new RoundMailbox('coordinator', 0, 0, quiet);

/** Has the promise been settled by now? */
async function isSettled(promise: Promise<void> | null): Promise<boolean> {
  if (!promise) return true;
  let settled = false;
  promise.then(
    () => (settled = true),
    () => (settled = true),
  );
  await new Promise((resolve) => setImmediate(resolve));
  return settled;
}

describe('a mailbox of one round', () => {
  it('waits until the last of the senders it names has arrived, in whatever order they come', async () => {
    const mailbox = box();
    const ready = mailbox.ready(GRADIENT, 0, [0, 1, 2]);
    for (const from of [2, 0]) mailbox.deliver(gradientFrame(from, from));
    expect(await isSettled(ready)).to.equal(false);
    mailbox.deliver(gradientFrame(1, 1));
    expect(await isSettled(ready)).to.equal(true);
    expect(mailbox.ready(GRADIENT, 0, [0, 1, 2])).to.equal(null);
    expect([0, 1, 2].map((from) => numberIn(mailbox.arrival(GRADIENT, 0, from) as Frame))).to.deep.equal([0, 1, 2]);
  });

  it('keeps the first frame of an address: a duplicate with other content changes nothing', () => {
    const mailbox = box();
    mailbox.deliver(gradientFrame(4, 3));
    mailbox.deliver(gradientFrame(4, 5));
    expect(numberIn(mailbox.arrival(GRADIENT, 0, 4) as Frame)).to.equal(3);
  });

  it('remembers of a frame that was read only that it came: no take waits for it again, and a duplicate is not kept', () => {
    const mailbox = box();
    mailbox.deliver(gradientFrame(4, 3));
    mailbox.discard(gradientFrame(4, 3));
    mailbox.deliver(gradientFrame(4, 5));
    expect(mailbox.ready(GRADIENT, 0, [4])).to.equal(null);
    expect(mailbox.arrival(GRADIENT, 0, 4)).to.equal(null);
  });

  it('a mailbox that keepsRead has a frame again after it was read, for a second draw of the round', () => {
    const mailbox = box();
    mailbox.keepsRead = true;
    mailbox.deliver(gradientFrame(4, 3));
    mailbox.discard(gradientFrame(4, 3));
    expect(numberIn(mailbox.arrival(GRADIENT, 0, 4) as Frame)).to.equal(3);
  });

  it('distinguishes steps and kinds', async () => {
    const mailbox = box();
    const ready = mailbox.ready(GRADIENT, 1, [0]);
    mailbox.deliver(gradientFrame(0, 1, { step: 0 }));
    mailbox.deliver(gradientFrame(0, 2, { step: 1, kindIndex: MODEL }));
    expect(await isSettled(ready)).to.equal(false);
    mailbox.deliver(gradientFrame(0, 3, { step: 1 }));
    expect(await isSettled(ready)).to.equal(true);
    expect(numberIn(mailbox.arrival(GRADIENT, 1, 0) as Frame)).to.equal(3);
  });

  it('waits for what a seal counts and is on its way, and for nothing beyond it', async () => {
    const mailbox = box();
    const [first, second, third] = [0, 1, 2].map((step) => mailbox.ready(GRADIENT, step, [7]));
    mailbox.seal({ round: 0, attempt: 0, from: 7, counts: [2, 0] });
    expect(await Promise.all([first!, second!, third!].map(isSettled))).to.deep.equal([false, false, true]);
    mailbox.deliver(gradientFrame(7, 3, { step: 1 }));
    expect(await Promise.all([first!, second!].map(isSettled))).to.deep.equal([false, true]);
    expect(mailbox.arrival(GRADIENT, 2, 7), 'not posted, so nothing is missing').to.equal(null);
    expect(mailbox.arrival(MODEL, 0, 7)).to.equal(null);
  });

  it('after a ruling counts what had come and gives the reason for the rest', async () => {
    const mailbox = box();
    mailbox.deliver(gradientFrame(1, 3));
    const ready = mailbox.ready(GRADIENT, 0, [1, 2]);
    mailbox.rule(1, 'crashed');
    mailbox.rule(2, 'aborted');
    expect(await isSettled(ready)).to.equal(true);
    expect(numberIn(mailbox.arrival(GRADIENT, 0, 1) as Frame)).to.equal(3);
    expect(mailbox.arrival(GRADIENT, 1, 1)).to.equal('crashed');
    expect(mailbox.arrival(GRADIENT, 0, 2)).to.equal('aborted');
  });

  it('gives a lost frame as the reason for its loss', async () => {
    const mailbox = box();
    const ready = mailbox.ready(GRADIENT, 0, [1, 2]);
    mailbox.deliver(gradientFrame(1, 0, { lost: 'dropped', messages: [] }));
    mailbox.deliver(gradientFrame(2, 0, { lost: 'rejected', messages: [] }));
    expect(await isSettled(ready)).to.equal(true);
    expect([1, 2].map((from) => mailbox.arrival(GRADIENT, 0, from))).to.deep.equal(['dropped', 'rejected']);
  });

  it('calls late what a wait still missed at its deadline, even if it comes after, and only for that step', async () => {
    const mailbox = box();
    const ready = mailbox.ready(GRADIENT, 0, [1, 2]);
    mailbox.deliver(gradientFrame(1, 3));
    mailbox.expire(mailbox.waiting[0]!);
    expect(await isSettled(ready)).to.equal(true);
    mailbox.deliver(gradientFrame(2, 4));
    mailbox.deliver(gradientFrame(2, 5, { step: 1 }));
    expect(numberIn(mailbox.arrival(GRADIENT, 0, 1) as Frame)).to.equal(3);
    expect(mailbox.arrival(GRADIENT, 0, 2)).to.equal('late');
    expect(numberIn(mailbox.arrival(GRADIENT, 1, 2) as Frame)).to.equal(5);
  });

  it('fails all waits, those under way and those to come, once it is revoked', async () => {
    const mailbox = box();
    const waits = [mailbox.ready(GRADIENT, 0, [1]), mailbox.ready(MODEL, 0, ['coordinator'])];
    const given = new Error('abandoned');
    mailbox.revoke(given);
    waits.push(mailbox.ready(GRADIENT, 0, []));
    for (const wait of waits)
      expect(
        await wait!.then(
          () => null,
          (error: unknown) => error,
        ),
      ).to.equal(given);
    expect(mailbox.waiting).to.deep.equal([]);
  });

  it('notifies its watcher once for each wait that begins and once when none is left', async () => {
    const calls: string[] = [];
    const mailbox = new RoundMailbox('coordinator', 0, 0, {
      blocked: (_box, { kindIndex }) => calls.push(`blocked ${kindIndex}`),
      released: () => calls.push('released'),
    });
    const waits = [mailbox.ready(GRADIENT, 0, [1]), mailbox.ready(MODEL, 0, [2])];
    mailbox.deliver(gradientFrame(1, 0));
    expect(calls).to.deep.equal(['blocked 0', 'blocked 1']);
    mailbox.deliver(gradientFrame(2, 0, { kindIndex: MODEL }));
    expect(calls).to.deep.equal(['blocked 0', 'blocked 1', 'released']);
    await Promise.all(waits);
  });
});
