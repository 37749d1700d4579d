import { expect } from 'chai';
import { step } from '../../../coordinator/members/seat-step.js';
import { MOST_DEATHS, newSeating, type SeatEvent, type Seating } from '../../../coordinator/members/seats.js';
import { BUGS, type Bug, SeatExplorer } from '../../support/seat-explorer.js';
import { shrunk } from '../../support/shrunk.js';

/** npm run soak sets more. */
const SEEDS = Number(process.env.GRADSWARM_SEEDS ?? 500);

function explained(seed: number, onLoss: 'replay' | 'absent'): string {
  const { failure, faults } = shrunk(seed, onLoss, null);
  return `seed ${seed}: ${failure}\n  ${faults.join('\n  ')}`;
}

/** The first seed that finds the bug, or null. */
function foundAt(bug: Bug): number | null {
  const onLoss = bug === 'abandoned attempt kept' ? 'absent' : 'replay';
  for (let seed = 1; seed <= 500; seed++) if (new SeatExplorer(seed, onLoss, bug).run().failure) return seed;
  return null;
}

/** Feeds events one after the other; the state and all actions. */
function after(start: Seating, ...events: SeatEvent[]) {
  let state = start;
  const actions = events.flatMap((event) => {
    const next = step(state, event);
    state = next.state;
    return next.actions;
  });
  return { state, actions };
}

const join = (worker: string, name = worker, seat: number | null = null): SeatEvent => ({
  type: 'join',
  worker,
  name,
  seat,
  nowMs: 0,
});

const start = (onLoss: 'replay' | 'absent' | 'fail' = 'replay') =>
  newSeating(2, { onLoss, silentMs: 1000, waitMs: 10_000, prepareMs: 5000 }, { epoch: 1, round: 0, nowMs: 0 });

const running = (onLoss?: 'replay' | 'absent' | 'fail') =>
  after(
    start(onLoss),
    join('a'),
    join('b'),
    { type: 'ready', worker: 'a', epoch: 1, generation: 1, nowMs: 0 },
    { type: 'ready', worker: 'b', epoch: 1, generation: 1, nowMs: 0 },
  ).state;

describe('seats of a session', function () {
  this.timeout(120_000 + 100 * SEEDS);

  for (const onLoss of ['replay', 'absent'] as const)
    it(`${SEEDS} seeds of crashes, freezes, cuts, goodbyes and coordinator crashes (${onLoss}): every rule holds and each run ends in the right state`, () => {
      for (let seed = 1; seed <= SEEDS; seed++) {
        const { failure } = new SeatExplorer(seed, onLoss).run();
        if (failure) expect.fail(explained(seed, onLoss));
      }
    });

  for (const bug of BUGS)
    it(`the explorer finds a planted bug: ${bug}`, () => {
      const seed = foundAt(bug);
      // A bug that needs more than half of the seeds means that a kind of fault is missing.
      expect(seed).to.be.within(1, 250);
    });

  it('a worker gets the seat it wishes, else the one last held under its name, else a free one', () => {
    const wished = after(start(), join('a', 'host', 1));
    expect(wished.state.seats.map(({ holder }) => holder)).to.deep.equal([null, 'a']);
    const back = after(wished.state, { type: 'goodbye', worker: 'a', nowMs: 1 }, join('c', 'host'), join('d', 'other'));
    expect(back.state.seats.map(({ holder }) => holder)).to.deep.equal(['d', 'c']);
  });

  it('a worker that leaves before the start frees its seat; surplus workers wait and take it', () => {
    const { state, actions } = after(start(), join('a'), join('b'), join('c'), {
      type: 'goodbye',
      worker: 'a',
      nowMs: 1,
    });
    expect(actions.map(({ type }) => type)).to.include('spare');
    expect(state.seats.map(({ holder, generation }) => [holder, generation])).to.deep.equal([
      ['c', 2],
      ['b', 1],
    ]);
    expect(state.phase).to.equal('preparing');
    expect(state.epoch).to.equal(2);
  });

  it('replay: a loss sends the run back to the newest checkpoint, and every seat is assigned again', () => {
    const { state, actions } = after(
      running(),
      { type: 'committed', epoch: 1, round: 5, nowMs: 1 },
      { type: 'checkpointed', epoch: 1, round: 5, nowMs: 1 },
      { type: 'committed', epoch: 1, round: 7, nowMs: 1 },
      { type: 'died', worker: 'a', why: 'killed', nowMs: 2 },
      { ...join('c'), nowMs: 3 },
    );
    expect([state.committed, state.epoch]).to.deep.equal([5, 2]);
    const assigned = actions.flatMap((action) => (action.type === 'assign' ? [[action.worker, action.epoch]] : []));
    expect(assigned).to.deep.equal([
      ['c', 2],
      ['b', 2],
    ]);
  });

  it('many killed at once end one epoch: none begins before each holder is reachable or replaced', () => {
    const cuts = ['a', 'b'].map((worker): SeatEvent => ({ type: 'closed', worker, nowMs: 5 }));
    const one = after(running(), ...cuts, { ...join('c'), nowMs: 6 });
    expect(one.actions.map(({ type }) => type)).to.deep.equal(['vacated', 'seated', 'abandon']);
    expect([one.state.phase, one.state.epoch]).to.deep.equal(['gathering', 2]);
    const both = after(one.state, { ...join('d'), nowMs: 7 });
    expect(both.actions.map(({ type }) => type)).to.deep.equal(['vacated', 'seated', 'assign', 'assign']);
    expect([both.state.phase, both.state.epoch]).to.deep.equal(['preparing', 2]);
    const back = after(
      one.state,
      { type: 'reopened', worker: 'b', generation: 1, nowMs: 8 },
      { type: 'tick', nowMs: 9 },
    );
    expect(back.state.phase).to.equal('preparing');
  });

  it('absent: the seat is closed and the epoch continues; fail: the run ends', () => {
    const absent = after(running('absent'), { type: 'died', worker: 'a', why: 'killed', nowMs: 2 }, join('c'));
    expect(absent.actions.map(({ type }) => type)).to.deep.equal(['vacated', 'lost', 'spare']);
    expect(absent.state.phase).to.equal('running');
    const fail = after(running('fail'), { type: 'died', worker: 'a', why: 'killed', nowMs: 2 });
    expect(fail.state.ending).to.equal('failed');
  });

  it('a cut worker that is back in time keeps its seat; another generation has to join again; a silent one is vacated', () => {
    const cut: SeatEvent = { type: 'closed', worker: 'a', nowMs: 5 };
    const back = after(running(), cut, { type: 'reopened', worker: 'a', generation: 1, nowMs: 10 });
    expect(back.actions).to.deep.equal([{ type: 'resend', worker: 'a' }]);
    const unknown = after(running(), cut, { type: 'reopened', worker: 'a', generation: 9, nowMs: 10 });
    expect(unknown.actions).to.deep.equal([{ type: 'rejoin', worker: 'a' }]);
    const seen: SeatEvent = { type: 'seen', worker: 'b', nowMs: 1500 };
    const silent = after(running(), cut, seen, { type: 'tick', nowMs: 1600 });
    expect(silent.actions[0]).to.deep.equal({
      type: 'vacated',
      worker: 'a',
      seat: 0,
      why: 'it sent nothing for workers.heartbeatMs = 1000 ms',
    });
  });

  it('epochs without a round done begin later and later; a seat whose process ends again and again in one round ends the run', () => {
    let state = running();
    const waits: number[] = [];
    let nowMs = 0;
    while (state.phase !== 'over' && waits.length < 10) {
      const died: SeatEvent = { type: 'died', worker: state.seats[0]!.holder!, why: 'killed', nowMs };
      ({ state } = after(state, died, { ...join(`x${waits.length}`), nowMs }));
      if (state.phase === 'over') break;
      waits.push(state.notBeforeMs - nowMs);
      nowMs = state.notBeforeMs;
      const holders = state.seats.map(({ holder, generation }) => ({
        worker: holder!,
        generation,
        epoch: state.epoch,
        nowMs,
      }));
      ({ state } = after(
        state,
        ...holders.map(({ worker }): SeatEvent => ({ type: 'seen', worker, nowMs })),
        { type: 'tick', nowMs },
        ...holders.map((holder): SeatEvent => ({ type: 'ready', ...holder })),
      ));
    }
    expect(waits).to.deep.equal([0, 500, 1000, 2000]);
    expect(waits.length).to.equal(MOST_DEATHS - 1);
    expect(state.ending).to.equal('failed');
  });

  it('a worker that joins a run that is over gets how it ended', () => {
    const over = after(running(), { type: 'over', ending: 'finished', why: 'all rounds are done', nowMs: 1 }).state;
    expect(after(over, join('z')).actions).to.deep.equal([{ type: 'release', worker: 'z', ending: 'finished' }]);
  });
});
