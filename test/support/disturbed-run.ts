import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import type { ScenarioInput } from '../../protocol/scenario/input.js';
import type { RemoteFleet } from '../../scenarios/run/remote-fleet.js';
import type { Carried } from './cutting-proxy.js';
import { ProxiedWorkers } from './proxied-workers.js';
import { runInput, type ScriptedRun } from './scripted-run.js';
import { seededRandom } from './seeded-random.js';
import { socketRun } from './socket-run.js';

const quadratic = { objective: { name: 'quadratic', dimension: 40 }, data: 'none', precision: 'float64' } as const;
const often = { evaluation: { everyRounds: 20 }, checkpoints: { everyRounds: 40 } } as const;

/** One of each kind: over the coordinator, between peers, chains, and bodies of several chunks, so that cuts fall into one. */
export const DISTURBED_RUNS = {
  server: {
    name: 'cut-server',
    method: { name: 'scaffold', batchSize: 10 },
    data: { name: 'gaussian-clusters', partition: 'iid' },
    clients: 6,
    rounds: 150,
    seed: 3,
    ...often,
  },
  peers: {
    name: 'cut-peers',
    method: { name: 'gradient-tracking', stepSize: 0.005 },
    ...quadratic,
    clients: 6,
    rounds: 300,
    topology: 'ring',
    ...often,
  },
  chain: {
    name: 'cut-chain',
    method: {
      name: 'fsgld',
      stepSize: 2e-5,
      chains: 8,
      startStddev: 0.05,
      visitsPerRound: 3,
      delay: 2,
      burnInSteps: 20,
    },
    objective: { name: 'gaussian-mean', priorVariance: 100, problem: 'unequal-curvature' },
    data: 'none',
    clients: 4,
    rounds: 150,
    precision: 'float64',
    ...often,
  },
  large: {
    name: 'cut-large',
    method: { name: 'gradient-tracking', stepSize: 0.005 },
    objective: { name: 'quadratic', dimension: 80_000 },
    data: 'none',
    precision: 'float64',
    clients: 4,
    // Longer than the cuts last.
    rounds: 40,
    topology: 'ring',
    evaluation: { everyRounds: 40 },
    checkpoints: { everyRounds: 20 },
  },
} as const satisfies Readonly<Record<string, ScenarioInput>>;

interface Disturbance {
  readonly heartbeatMs?: number;
  readonly peerDownMs?: number;
  /** Each worker in a process of its own. */
  readonly processes?: boolean;
  /** Called once rounds are done; the run is over when both are. */
  act(workers: ProxiedWorkers, random: () => number): Promise<void>;
}

/** What session.jsonl has of a run, and what its workers noted. */
interface Disturbed {
  readonly joined: number;
  readonly lost: readonly string[];
  readonly rolledBack: number;
  readonly reopened: readonly string[];
  readonly cuts: number;
  readonly notes: string;
  /** Bytes of frames between peers that went through the coordinator. */
  readonly relayedBytes: number;
}

export const wait = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

/** Runs with 3 workers behind proxies, and without; the digest, and the rows but for times, have to be equal. */
export async function disturbedRun(
  input: ScenarioInput,
  { heartbeatMs = 8000, peerDownMs = 3000, processes = false, act }: Disturbance,
): Promise<Disturbed> {
  const alone = await runInput(input);
  const workers = new ProxiedWorkers(processes);
  let relayedBytes = 0;
  const run = await socketRun({ ...input, workers: { heartbeatMs, peerDownMs } }, 3, {
    workers,
    during: { round: 2, act: () => act(workers, seededRandom(17)) },
    after: async ({ server }: RemoteFleet) => {
      relayedBytes = server.router.relayedBytes;
    },
  });
  const notes = workers.notes.join('\n');
  expect(run.outcome.stateDigest, notes).to.equal(alone.outcome.stateDigest);
  const columns = ({ record }: ScriptedRun) =>
    record.rows.map(({ bytesUp, bytesDown, bytesPeer, loss }) => [bytesUp, bytesDown, bytesPeer, loss]);
  expect(columns(run)).to.deep.equal(columns(alone));
  const lines = readFileSync(join(run.path, 'session.jsonl'), 'utf8').trim().split('\n');
  const events = lines.map((line) => JSON.parse(line) as { readonly event: string; readonly worker: string });
  const of = (event: string) => events.filter((one) => one.event === event).map(({ worker }) => worker);
  return {
    joined: of('joined').length,
    lost: of('lost'),
    rolledBack: of('rolled-back').length,
    reopened: of('reopened'),
    cuts: workers.cuts,
    notes,
    relayedBytes,
  };
}

/** Cuts one of these, of a worker that is drawn, every few milliseconds. */
export function cutting(kinds: readonly Carried[], times: number, everyMs = 40): Disturbance['act'] {
  return async (workers, random) => {
    for (let i = 0; i < times; i++) {
      await wait(everyMs * random());
      const kind = kinds[Math.floor(kinds.length * random())]!;
      const worker = Math.floor(3 * random());
      (kind === 'peers' ? workers.peers : workers.up)[worker]!.cut(kind);
    }
  };
}
