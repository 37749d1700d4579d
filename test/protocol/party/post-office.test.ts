import { expect } from 'chai';
import { GradswarmError } from '../../../protocol/errors.js';
import { named } from '../../../protocol/party/post-office.js';
import { crc32 } from '../../../protocol/wire/checksum.js';
import { type Frame, joinBody } from '../../../protocol/wire/frame.js';
import type { Seal } from '../../../protocol/wire/seal.js';
import { GRADIENT, gradientFrame, numberIn, office } from '../../support/frames.js';

describe('a post office', () => {
  it('keeps a frame that comes before its round begins here, and gives it to that round', () => {
    const post = office();
    post.register('coordinator');
    post.post(gradientFrame(1, 3, { round: 0 }));
    post.post(gradientFrame(1, 5, { round: 1 }));
    expect(numberIn(post.open('coordinator', 0, 0).arrival(GRADIENT, 0, 1) as Frame)).to.equal(3);
    expect(numberIn(post.open('coordinator', 1, 0).arrival(GRADIENT, 0, 1) as Frame)).to.equal(5);
  });

  it('keeps early frames of a later attempt for that attempt', () => {
    const post = office();
    post.register('coordinator');
    const first = post.open('coordinator', 0, 0);
    post.post(gradientFrame(1, 5, { attempt: 1 }));
    expect(first.arrival(GRADIENT, 0, 1)).to.equal(null);
    expect(numberIn(post.open('coordinator', 0, 1).arrival(GRADIENT, 0, 1) as Frame)).to.equal(5);
  });

  it('throws away frames and seals of rounds and attempts that are over', () => {
    const post = office();
    post.register('coordinator');
    const running = post.open('coordinator', 3, 1);
    const seal = (more: Partial<Seal>): Seal => ({ round: 3, attempt: 1, from: 1, counts: [0, 0], ...more });
    for (const stale of [
      { round: 2, attempt: 1 },
      { round: 2, attempt: 5 },
      { round: 3, attempt: 0 },
    ]) {
      post.post(gradientFrame(1, 9, stale));
      post.seal(seal(stale), ['coordinator']);
    }
    expect(running.arrival(GRADIENT, 0, 1), 'in the attempt that runs').to.equal(null);
    expect(running.ready(GRADIENT, 0, [1])).to.be.instanceOf(Promise);
    const next = post.open('coordinator', 4, 0);
    expect(next.arrival(GRADIENT, 0, 1)).to.equal(null);
    expect(next.ready(GRADIENT, 0, [1]), 'a stale seal must not answer for the new round').to.be.instanceOf(Promise);
  });

  it('gives nothing to an abandoned attempt, and stops its halves', async () => {
    const post = office();
    post.register('coordinator');
    const mailbox = post.open('coordinator', 0, 0);
    const waiting = mailbox.ready(GRADIENT, 0, [1])!;
    post.revokeAll({ index: 0, attempt: 0 }, new GradswarmError('ERR_STOPPED', 'abandoned'));
    post.post(gradientFrame(1, 3));
    expect(mailbox.arrival(GRADIENT, 0, 1)).to.equal(null);
    expect(await waiting.catch((error: GradswarmError) => error.code)).to.equal('ERR_STOPPED');
  });

  it('hands bytes over in fast mode and copies them in checking mode', () => {
    for (const [mode, received] of [
      ['fast', 99],
      ['checking', 3],
    ] as const) {
      const post = office({ mode });
      post.register('coordinator');
      const mailbox = post.open('coordinator', 0, 0);
      const frame = gradientFrame(1, 3);
      const { data } = frame.messages[0]!;
      post.post(frame);
      new Float64Array(data[0]!.buffer, data[0]!.byteOffset, 1)[0] = 99;
      expect(numberIn(mailbox.arrival(GRADIENT, 0, 1) as Frame)).to.equal(received);
    }
  });

  it('sends what is for others, frames and seals, to the remote and nothing else', () => {
    const sent: unknown[] = [];
    const remote = {
      send: (frame: Frame) => sent.push(['frame', frame.to]),
      seal: (_seal: Seal, to: readonly unknown[]) => sent.push(['seal', ...to]),
      room: () => null,
    };
    const post = office({ remote });
    post.register(1);
    post.post(gradientFrame('coordinator', 3, { to: 1 }));
    post.post(gradientFrame('coordinator', 3, { to: 2 }));
    post.seal({ round: 0, attempt: 0, from: 'coordinator', counts: [0, 0] }, [0, 1, 2]);
    expect(sent).to.deep.equal([
      ['frame', 2],
      ['seal', 0, 2],
    ]);
  });

  it('refuses a frame whose body is not that of its checksum', () => {
    const post = office();
    post.register('coordinator');
    const mailbox = post.open('coordinator', 0, 0);
    const sound = gradientFrame(1, 3);
    const body = joinBody(sound);
    const checksum = crc32(body);
    post.post({ ...sound, tampered: { body, checksum } });
    body[9]! ^= 4;
    post.post({ ...gradientFrame(2, 3), tampered: { body, checksum } });
    expect(numberIn(mailbox.arrival(GRADIENT, 0, 1) as Frame)).to.equal(3);
    expect(mailbox.arrival(GRADIENT, 0, 2)).to.equal('rejected');
  });

  it('names parties as people would', () => {
    expect(named([3])).to.equal('client 3');
    expect(named([9, 0, 2, 1, 5])).to.equal('clients 0-2, 5, 9');
    expect(named(['coordinator'])).to.equal('coordinator');
    expect(named([4, 'coordinator', 3])).to.equal('coordinator and clients 3-4');
  });
});
