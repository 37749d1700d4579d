import { expect } from 'chai';
import { Trips } from '../../../coordinator/members/trips.js';
import type { Frame } from '../../../protocol/wire/frame.js';

const frame = (to: number, round: number, attempt = 0): Frame => ({
  kindIndex: 0,
  round,
  attempt,
  step: 0,
  from: 'coordinator',
  to,
  arrivesAtMs: 0,
  lost: null,
  messages: [],
});
const answer = (from: number, round: number, attempt = 0) => ({ from, round, attempt });

describe('what links take, measured', () => {
  let nowMs = 0;
  const trips = () => new Trips(() => nowMs);
  const at = (ms: number): void => {
    nowMs = ms;
  };

  it('is from the first frame for a client to its first answer, whatever comes later', () => {
    const measured = trips();
    at(10);
    measured.left(frame(3, 0));
    at(20);
    measured.left(frame(3, 0));
    at(45);
    measured.came(answer(3, 0), 100);
    at(90);
    measured.came(answer(3, 0), 100);
    expect(measured.of({ index: 0, attempt: 0 }).get(3)!.spanMs).to.equal(35);
  });

  it('is of one attempt: answers to an earlier one are not taken, and clients of earlier rounds are not kept', () => {
    const measured = trips();
    for (let round = 0; round < 100; round++) measured.left(frame(round, round));
    at(5);
    measured.left(frame(7, 99, 1));
    measured.came(answer(7, 99), 100);
    measured.came(answer(99, 99), 100);
    expect([...measured.of({ index: 99, attempt: 1 }).keys()]).to.deep.equal([]);
    measured.came(answer(7, 99, 1), 100);
    expect([...measured.of({ index: 99, attempt: 1 }).keys()]).to.deep.equal([7]);
    expect([...measured.of({ index: 99, attempt: 0 }).keys()]).to.deep.equal([]);
    // Private, but memory that grows with the clients of all rounds shows nowhere else.
    expect((measured as unknown as { sent: Map<number, unknown> }).sent.size).to.equal(1);
  });
});
