import { expect } from 'chai';
import { WorkersLost } from '../../../coordinator/members/workers-lost.js';
import type { PartyId } from '../../../protocol/method.js';
import type { Network } from '../../../protocol/party/dispatch.js';
import { decodeRecord } from '../../../protocol/party/record.js';
import type { Frame } from '../../../protocol/wire/frame.js';
import { localPlacement } from '../../../scenarios/check/parts/placements.js';
import { resolveTiny } from '../../../scenarios/check/parts/tiny-problems.js';
import { runTiny, type TinyRun } from '../../../scenarios/check/parts/tiny-run.js';
import type { Fleet } from '../../../scenarios/run/fleet.js';
import {
  type LooseState,
  SMALL_KINDS,
  smallMethod,
  updateClient,
  updateCoordinator,
} from '../../support/small-methods.js';

const method = smallMethod(SMALL_KINDS, updateClient, updateCoordinator);
const problem = {
  objective: { name: 'quadratic', dimension: 6, initialValue: 1 },
  rounds: 4,
  precision: 'float64' as const,
  checkpoints: { everyRounds: 1 },
};

function losing(hits: (frame: Frame) => boolean, why: 'dropped' | 'late' = 'dropped'): Network {
  return {
    passage: (frame) =>
      hits(frame) ? { delayMs: 0, lost: why, duplicated: false, heldMs: 0, corruptedBit: null } : null,
  };
}

function recordAfter(run: TinyRun, round: number, party: PartyId) {
  const bytes = round === problem.rounds ? run.result.records.get(party) : run.snapshots[round - 1]!.records.get(party);
  const { state, memories, undelivered } = decodeRecord(party, bytes!);
  return { state: state as LooseState, memories, undelivered };
}

describe('a round is a transaction', () => {
  it('an uplink that is not used voids its client: state and codec memory stay as they were before the round', async () => {
    const codecs = { update: { codec: { name: 'top-k', fraction: 0.34 }, memory: 'error-feedback' } };
    const scenario = await resolveTiny(method, { ...problem, codecs });
    const network = losing(({ from, round }) => from === 1 && round === 2);
    const run = await runTiny(scenario, method, { placement: localPlacement('losing', 'fast', null, network) });
    const [before, lost, after] = [2, 3, 4].map((round) => recordAfter(run, round, 1));
    expect(before!.state.rounds).to.equal(2);
    expect(Object.keys(before!.memories)).to.have.lengthOf(1);
    expect(lost).to.deep.equal(before);
    expect(after!.state.rounds).to.equal(3);
    expect(after!.memories).to.not.deep.equal(before!.memories);
    expect(recordAfter(run, 4, 0).state.rounds, 'another client').to.equal(4);
  });

  it('a message beyond the bound of a total is refused, and voids its client', async () => {
    const totals = smallMethod(
      SMALL_KINDS,
      async (_state, at) => {
        const delta = at.zeros(2).fill(at.self === 4 && at.index === 1 ? 3.1 : at.self / 8);
        at.post('update', 'coordinator', { delta, examples: 1 });
        return {};
      },
      async (_state, at) => {
        const { count, sum, absent } = await at.total('update', 3);
        return { note: [count, sum.delta[1], sum.examples, ...absent.map(({ from, why }: never) => `${from} ${why}`)] };
      },
    );
    const run = await runTiny(await resolveTiny(totals, { ...problem, rounds: 3 }), totals);
    expect(recordAfter(run, 1, 'coordinator').state.note).to.deep.equal([6, 15 / 8, 6]);
    expect(recordAfter(run, 2, 'coordinator').state.note).to.deep.equal([5, 11 / 8, 5, '4 rejected']);
    expect(decodeRecord(4, run.result.records.get(4)!).state).to.include({ rounds: 2 });
    expect(run.absences).to.deep.equal([
      { round: 1, kind: 'update', step: 0, from: 4, to: 'coordinator', why: 'rejected' },
    ]);
  });

  it('a message of another length than the first is refused by a total, not half added', async () => {
    const totals = smallMethod(
      SMALL_KINDS,
      async (_state, at) => {
        at.post('update', 'coordinator', { delta: at.zeros(at.self === 4 ? 3 : 2).fill(0.5), examples: 1 });
        return {};
      },
      async (_state, at) => {
        const { count, sum, absent } = await at.total('update', 3);
        return { note: [count, ...sum.delta, sum.examples, ...absent.map(({ from, why }: never) => `${from} ${why}`)] };
      },
    );
    const run = await runTiny(await resolveTiny(totals, { ...problem, rounds: 1 }), totals);
    expect(decodeRecord('coordinator', run.result.records.get('coordinator')!).state).to.deep.include({
      note: [5, 2.5, 2.5, 5, '4 rejected'],
    });
  });

  for (const [when, fail] of [
    ['before any half ran', async () => {}],
    ['after all halves returned', async (begin: () => Promise<unknown>) => void (await begin())],
  ] as const)
    it(`an attempt abandoned ${when} changes nothing: the run has the bits and bytes of one that was not disturbed`, async () => {
      const codecs = { update: { codec: { name: 'qsgd' }, memory: null } };
      // The simulated time of an abandoned attempt was spent; here computing takes none.
      const devices = [{ clients: 'all' as const, msPerExample: 0 }];
      const scenario = await resolveTiny(method, {
        ...problem,
        codecs,
        devices,
        workers: { count: 0, onLoss: 'absent' },
      });
      let abandoned = 0;
      const tamper = ({ crew }: Fleet): void => {
        const begin = crew.begin.bind(crew);
        crew.begin = async (plan) => {
          if (plan.index === 2 && plan.attempt === 0) {
            abandoned++;
            await fail(() => begin(plan));
            throw new WorkersLost([], 'a worker was lost');
          }
          return begin(plan);
        };
      };
      const calm = await runTiny(scenario, method);
      const run = await runTiny(scenario, method, { tamper });
      expect(abandoned).to.equal(1);
      expect(run.digest).to.equal(calm.digest);
      expect(run.result.bytes).to.deep.equal(calm.result.bytes);
    });

  it('a post to a peer that was lost is shown to its sender in the next round and not after', async () => {
    const kinds = { word: { from: 'clients', to: 'peers', vectors: ['x'] } } as const;
    const peers = smallMethod(kinds, async ({ x, note }, at) => {
      at.post('word', at.links.outNeighbors, { x });
      at.post('word', at.links.outNeighbors, { x });
      await at.take('word');
      await at.take('word');
      return {
        note: [...note, ...at.undelivered.map(({ kind, step, to }: never) => `${at.index}: ${kind} ${step} ${to}`)],
      };
    });
    const scenario = await resolveTiny(peers, { ...problem, topology: 'ring' });
    const network = losing(({ from, to, round, step }) => from === 2 && to === 3 && round === 1 && step === 1);
    const run = await runTiny(scenario, peers, { placement: localPlacement('losing', 'fast', null, network) });
    for (let client = 0; client < 6; client++)
      expect(recordAfter(run, 4, client).state.note, `client ${client}`).to.deep.equal(
        client === 2 ? ['2: word 1 3'] : [],
      );
    expect(run.absences).to.deep.equal([{ round: 1, kind: 'word', step: 1, from: 2, to: 3, why: 'dropped' }]);
  });

  it('a peer whose messages were lost keeps its round: only a coordinator voids', async () => {
    const kinds = { word: { from: 'clients', to: 'peers', vectors: ['x'] } } as const;
    const peers = smallMethod(kinds, async ({ x }, at) => {
      at.post('word', at.links.outNeighbors, { x });
      await at.take('word');
      return {};
    });
    const scenario = await resolveTiny(peers, { ...problem, topology: 'ring' });
    const run = await runTiny(scenario, peers, {
      placement: localPlacement(
        'losing',
        'fast',
        null,
        losing(({ from }) => from === 2),
      ),
    });
    expect(recordAfter(run, 4, 2).state.rounds).to.equal(4);
  });
});
