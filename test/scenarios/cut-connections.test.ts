import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import type { ScenarioInput } from '../../protocol/scenario/scenario.js';
import type { RemoteFleet } from '../../scenarios/run/remote-fleet.js';
import type { Carried } from '../support/cutting-proxy.js';
import { ProxiedWorkers } from '../support/proxied-workers.js';
import { runInput, type ScriptedRun } from '../support/scripted-run.js';
import { seededRandom } from '../support/seeded-random.js';
import { socketRun } from '../support/socket-run.js';

const quadratic = { objective: { name: 'quadratic', dimension: 40 }, data: 'none', precision: 'float64' } as const;
const often = { evaluation: { everyRounds: 20 }, checkpoints: { everyRounds: 40 } } as const;

const server: ScenarioInput = {
  name: 'cut-server',
  method: { name: 'scaffold', batchSize: 10 },
  data: { name: 'gaussian-clusters', partition: 'iid' },
  clients: 6,
  rounds: 200,
  seed: 3,
  ...often,
};
const peers: ScenarioInput = {
  name: 'cut-peers',
  method: { name: 'gradient-tracking', stepSize: 0.05 },
  ...quadratic,
  clients: 6,
  rounds: 300,
  topology: 'ring',
  ...often,
};
const chain: ScenarioInput = {
  name: 'cut-chain',
  method: { name: 'fsgld', stepSize: 2e-5, chains: 8, startStddev: 0.05, visitsPerRound: 3, delay: 2, burnInSteps: 20 },
  objective: { name: 'gaussian-mean', priorVariance: 100, problem: 'unequal-curvature' },
  data: 'none',
  clients: 4,
  rounds: 150,
  precision: 'float64',
  ...often,
};
/** Bodies of several chunks, so that cuts fall into the middle of one. */
const large: ScenarioInput = {
  name: 'cut-large',
  method: { name: 'gradient-tracking', stepSize: 0.05 },
  objective: { name: 'quadratic', dimension: 200_000 },
  data: 'none',
  precision: 'float64',
  clients: 4,
  rounds: 12,
  topology: 'ring',
  evaluation: { everyRounds: 12 },
  checkpoints: { everyRounds: 6 },
};

interface Disturbance {
  readonly heartbeatMs?: number;
  readonly peerDownMs?: number;
  /** Called once rounds are done, until the run is over. */
  act(workers: ProxiedWorkers, fleet: RemoteFleet, random: () => number): Promise<void>;
}

const wait = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

/** Runs with 3 workers behind proxies, and without; the digest, and the rows but for times, have to be equal. */
async function disturbed(input: ScenarioInput, { heartbeatMs = 6000, peerDownMs = 3000, act }: Disturbance) {
  const alone = await runInput(input);
  const workers = new ProxiedWorkers();
  const random = seededRandom(17);
  const run = await socketRun({ ...input, workers: { heartbeatMs, peerDownMs } }, 3, {
    workers,
    during: { round: 2, act: (fleet) => act(workers, fleet, random) },
  });
  expect(run.outcome.stateDigest, workers.notes.join('\n')).to.equal(alone.outcome.stateDigest);
  const bytes = ({ record }: ScriptedRun) =>
    record.rows.map(({ bytesUp, bytesDown, bytesPeer, loss }) => [bytesUp, bytesDown, bytesPeer, loss]);
  expect(bytes(run)).to.deep.equal(bytes(alone));
  return { run, workers, session: readFileSync(join(run.path, 'session.jsonl'), 'utf8') };
}

const sole = (text: string, event: string): number => text.split(`"event":"${event}"`).length - 1;

/** Cuts one of these, of a worker that is drawn, every few milliseconds. */
function cutting(kinds: readonly Carried[], times: number): Disturbance['act'] {
  return async (workers, _fleet, random) => {
    for (let i = 0; i < times; i++) {
      await wait(5 + 40 * random());
      const kind = kinds[Math.floor(kinds.length * random())]!;
      const worker = Math.floor(3 * random());
      (kind === 'peers' ? workers.peers : workers.up)[worker]!.cut(kind);
    }
  };
}

describe('connections that are cut in the middle of a run', function () {
  this.timeout(120_000);

  for (const input of [server, peers, chain, large])
    it(`${input.name}: control, frame and peer connections cut at random cost nothing: no seat, no rollback, the same bits and bytes`, async () => {
      const kinds =
        input === peers || input === large
          ? (['control', 'frames', 'peers'] as const)
          : (['control', 'frames'] as const);
      const { session, workers } = await disturbed(input, { act: cutting(kinds, 40) });
      expect(workers.cuts).to.be.greaterThan(10);
      expect([sole(session, 'joined'), sole(session, 'lost'), sole(session, 'rolled-back')]).to.deep.equal([3, 0, 0]);
      expect(sole(session, 'reopened')).to.be.greaterThan(3);
    });

  it('a worker that is cut off for a while, in every connection, keeps its seat and its generation', async () => {
    const { session, run } = await disturbed(server, {
      act: async (workers) => {
        workers.up[1]!.shut();
        await wait(1500);
        workers.up[1]!.heal();
      },
    });
    expect([sole(session, 'joined'), sole(session, 'lost')]).to.deep.equal([3, 0]);
    expect(session).to.match(/"event":"reopened".*"worker":"worker-1"/);
    expect(run.actedUntil).to.be.lessThan(200);
  });

  it('a cable that is pulled, so that neither end is notified, is noticed within half of the heartbeat and costs nothing', async () => {
    const { session } = await disturbed(server, {
      heartbeatMs: 2000,
      act: async (workers) => workers.up[0]!.silence('both', 'control', 'frames'),
    });
    expect([sole(session, 'joined'), sole(session, 'lost')]).to.deep.equal([3, 0]);
    expect(session).to.match(/"event":"reopened".*"worker":"worker-0"/);
  });

  it('a worker that stays away for longer than the heartbeat loses its seat; it comes back, and the run to the same bits', async () => {
    const { session } = await disturbed(server, {
      heartbeatMs: 800,
      act: async (workers) => {
        workers.up[2]!.shut();
        await wait(1600);
        workers.up[2]!.heal();
      },
    });
    expect(sole(session, 'lost')).to.equal(1);
    expect(sole(session, 'rolled-back')).to.equal(1);
  });

  for (const way of ['to', 'from'] as const)
    it(`two workers that cannot reach each other (bytes ${way} one of them vanish) go through the coordinator after workers.peerDownMs, with the same bits`, async () => {
      let relayed = 0;
      const { session, workers } = await disturbed(peers, {
        heartbeatMs: 1000,
        peerDownMs: 300,
        act: async ({ peers: proxies }, fleet) => {
          expect(fleet.server.router.relayedBytes).to.equal(0);
          proxies[1]!.silence(way, 'peers');
          proxies[1]!.shut(way === 'to' ? 'silent' : 'refused');
          await wait(2500);
          relayed = fleet.server.router.relayedBytes;
        },
      });
      expect(relayed).to.be.greaterThan(0);
      expect([sole(session, 'joined'), sole(session, 'lost')]).to.deep.equal([3, 0]);
      expect(workers.notes.join('\n')).to.match(
        /worker-1 was out of reach for workers.peerDownMs = 300 ms: frames to it go through the coordinator/,
      );
    });
});
