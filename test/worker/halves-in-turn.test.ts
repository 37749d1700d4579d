import { expect } from 'chai';
import { localPlacement } from '../../scenarios/check/parts/placements.js';
import { resolveTiny } from '../../scenarios/check/parts/tiny-problems.js';
import { runTiny } from '../../scenarios/check/parts/tiny-run.js';
import { HalvesInTurn } from '../../worker/halves-in-turn.js';
import { smallMethod } from '../support/small-methods.js';

const CLIENTS = Array.from({ length: 300 }, (_, client) => client + 1000);

/** Halves that return when they are asked to, in the order in which they began. */
function openHalves() {
  const office: { onIdle: (() => boolean) | null } = { onIdle: null };
  const begun: number[] = [];
  const ends: (() => void)[] = [];
  const halves = new HalvesInTurn(office, CLIENTS, (position) => {
    begun.push(CLIENTS[position]!);
    return new Promise((resolve) => ends.push(resolve));
  });
  const end = async (count: number): Promise<void> => {
    for (const resolve of ends.splice(0, count)) resolve();
    await new Promise(setImmediate);
  };
  return { office, begun, halves, end };
}

const KINDS = {
  model: { from: 'coordinator', to: 'cohort', vectors: ['params'] },
  update: { from: 'clients', to: 'coordinator', vectors: ['params'] },
  answer: { from: 'coordinator', to: 'cohort', vectors: ['params'] },
} as const;

const WIDE = {
  objective: { name: 'quadratic', dimension: 2 },
  data: 'none',
  clients: 300,
  rounds: 2,
} as const;

describe('halves in turn', () => {
  it('begin 128 at once, in the order of their clients, and then one for each that has returned', async () => {
    const { begun, halves, end } = openHalves();
    const finished = halves.finished();
    expect(begun).to.deep.equal(CLIENTS.slice(0, 128));
    await end(10);
    expect(begun).to.deep.equal(CLIENTS.slice(0, 138));
    await end(128);
    expect(begun).to.deep.equal(CLIENTS.slice(0, 266));
    await end(128);
    await end(128);
    await finished;
    expect(begun).to.deep.equal(CLIENTS);
  });

  it('begin 128 more where all that run here wait, and none where all have begun', async () => {
    const { office, begun, halves, end } = openHalves();
    const finished = halves.finished();
    expect(office.onIdle!()).to.equal(true);
    expect(begun).to.deep.equal(CLIENTS.slice(0, 256));
    await end(100);
    expect(begun, 'more than 128 run').to.have.length(256);
    expect(office.onIdle!()).to.equal(true);
    expect(begun).to.deep.equal(CLIENTS);
    expect(office.onIdle!()).to.equal(false);
    await end(300);
    await finished;
    expect(office.onIdle).to.equal(null);
  });

  it('that are dropped do not begin: some, or all', async () => {
    const { begun, halves, end } = openHalves();
    const finished = halves.finished();
    halves.drop([CLIENTS[0]!, CLIENTS[128]!, CLIENTS[130]!]);
    await end(2);
    expect(begun.slice(128)).to.deep.equal([CLIENTS[129], CLIENTS[131]]);
    halves.drop(null);
    await end(300);
    await finished;
    expect(begun).to.have.length(130);
  });

  it('of a method of one message each way: at most 128 of 300 have begun and not returned', async () => {
    let [running, most] = [0, 0];
    const method = smallMethod(
      KINDS,
      async (state, at) => {
        running++;
        most = Math.max(most, running);
        const [model] = await at.take('model');
        at.post('update', 'coordinator', { params: model!.params });
        running--;
        return state;
      },
      async (state, at) => {
        at.post('model', at.cohort, { params: state.x });
        const updates = await at.take('update');
        expect(updates).to.have.length(300);
        return state;
      },
    );
    await runTiny(await resolveTiny(method, WIDE), method);
    expect(most).to.equal(128);
  });

  for (const placement of [localPlacement('fast', 'fast'), localPlacement('checking, shuffled', 'checking', 3)])
    it(`of a method whose clients wait for all others: each begins, and gets its answer (${placement.name})`, async () => {
      const method = smallMethod(
        KINDS,
        async (state, at) => {
          const [model] = await at.take('model');
          at.post('update', 'coordinator', { params: model!.params });
          const [answer] = await at.take('answer');
          return { ...state, x: answer!.params.slice() };
        },
        async (state, at) => {
          at.post('model', at.cohort, { params: state.x });
          const updates = await at.take('update');
          const x = state.x.slice().fill(updates.length);
          at.post('answer', at.cohort, { params: x });
          return { ...state, x };
        },
      );
      const { rows, result } = await runTiny(await resolveTiny(method, WIDE), method, { placement });
      expect(rows).to.have.length(2);
      expect(Array.from(result.model[0]!)).to.deep.equal([300, 300]);
    });

  it('of which one fails: those that have not begun do not, and its error is that of the run', async () => {
    const begun = new Set<number>();
    const method = smallMethod(
      KINDS,
      async (state, at) => {
        begun.add(at.self);
        await at.take('model');
        if (at.self === 5) throw new Error('no more');
        return state;
      },
      async (state, at) => {
        at.post('model', at.cohort, { params: state.x });
        await at.take('update');
        return state;
      },
    );
    const error = await runTiny(await resolveTiny(method, WIDE), method).catch((reason: Error) => reason);
    expect(String(error)).to.match(/ERR_HALF_FAILED: round 0: client 5 of 'small' threw: no more/);
    expect(begun.size).to.be.within(6, 299);
  });
});
