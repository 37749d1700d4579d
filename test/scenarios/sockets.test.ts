import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import type { ScenarioInput } from '../../protocol/scenario/input.js';
import { SocketWorkers } from '../../scenarios/check/parts/socket-workers.js';
import { type RemoteFleet, remoteFleet } from '../../scenarios/run/remote-fleet.js';
import { replayRun } from '../../scenarios/run/runtime.js';
import type { SessionOptions } from '../../scenarios/run/session-options.js';
import { runInput, temporaryFolder } from '../support/scripted-run.js';

const fedavg: ScenarioInput = {
  name: 'sockets-fedavg',
  method: { name: 'fedavg', batchSize: 10 },
  data: { name: 'gaussian-clusters', examples: 2000, testExamples: 200, partition: 'iid' },
  clients: 6,
  rounds: 5,
  seed: 11,
  participation: { cohort: 4 },
};

const tracking: ScenarioInput = {
  name: 'sockets-tracking',
  method: { name: 'gradient-tracking', stepSize: 0.1 },
  objective: { name: 'quadratic', dimension: 300 },
  data: 'none',
  clients: 9,
  rounds: 6,
  seed: 4,
  precision: 'float64',
  topology: { name: 'torus' },
};

/** The run with this many workers over sockets; `look` sees the fleet before it is closed. */
function overSockets(
  input: ScenarioInput,
  count: number,
  { peerSockets = true, look = () => {} }: { peerSockets?: boolean; look?: (fleet: RemoteFleet) => void } = {},
) {
  const fleet: NonNullable<SessionOptions['fleet']> = async (scenario, method, problem, options) => {
    const remote = await remoteFleet(scenario, method, problem, options, new SocketWorkers(peerSockets));
    const { close } = remote;
    return {
      ...remote,
      close: async () => {
        look(remote);
        await close();
      },
    };
  };
  return runInput({ ...input, workers: { ...input.workers, count } }, { fleet });
}

describe('runs over websockets', () => {
  for (const input of [fedavg, tracking])
    it(`${input.name}: one process, one client a worker, and packed workers end in equal bits and equal bytes`, async () => {
      const alone = await runInput(input);
      for (const count of [input.clients!, 2]) {
        const remote = await overSockets(input, count);
        expect(remote.outcome.stateDigest, `${count} workers`).to.equal(alone.outcome.stateDigest);
        const bytes = (rows: typeof alone.record.rows) =>
          rows.map((r) => [r.bytesUp, r.bytesDown, r.bytesPeer, r.loss]);
        expect(bytes(remote.record.rows)).to.deep.equal(bytes(alone.record.rows));
      }
    });

  it('peers send to each other directly: the coordinator relays no vector', async () => {
    let relayed = -1;
    let received = -1;
    const { outcome } = await overSockets(tracking, 3, {
      look: ({ server }) => {
        relayed = server.router.relayedBytes;
        received = server.router.receivedFrameBytes;
      },
    });
    expect([relayed, received, outcome.summary.bytesUp, outcome.summary.bytesDown]).to.deep.equal([0, 0, 0, 0]);
  });

  it('peers that cannot reach each other go through the coordinator, with the same bits', async () => {
    let relayed = 0;
    const alone = await runInput(tracking);
    const { outcome } = await overSockets(tracking, 3, {
      peerSockets: false,
      look: ({ server }) => {
        relayed = server.router.relayedBytes;
      },
    });
    expect(outcome.stateDigest).to.equal(alone.outcome.stateDigest);
    // Two vectors of 300 numbers: 16 bytes of fixed part and 2 * 300 * 8 bytes a frame. Every third client on a 3 x 3 torus of
    // three workers: all 4 neighbours of client i are i +- 1 and i +- 3 modulo rows; those of another worker are 2 of the 4.
    expect(relayed % (16 + 4800)).to.equal(0);
    expect(relayed).to.be.above(0);
  });

  it('bytes of frames measured at the sockets equal what was counted when they were posted; the body of a broadcast goes once to a worker', async () => {
    let measured = 0;
    let saved = 0;
    const { outcome } = await overSockets(fedavg, 2, {
      look: ({ server }) => {
        measured = server.router.sentFrameBytes;
        saved = server.router.savedBytes;
      },
    });
    // The counted wire bytes hold the websocket framing too: 4 bytes a frame of this size, unmasked.
    const frames = 4 * 5;
    expect(outcome.summary.bytesDown).to.equal(measured + 4 * frames);
    // A body went once to each of the two workers in each round; the other clients' headers have 48 bytes.
    expect(saved).to.equal((frames - 2 * 5) * (measured / frames - 48));
  });

  it('vectors larger than a chunk arrive whole, in order, with the same bits', async () => {
    const large: ScenarioInput = {
      ...tracking,
      name: 'sockets-large',
      objective: { name: 'quadratic', dimension: 100_000 },
      clients: 4,
      rounds: 2,
      topology: 'ring',
    };
    const alone = await runInput(large);
    const { outcome } = await overSockets(large, 2);
    expect(outcome.stateDigest).to.equal(alone.outcome.stateDigest);
  });

  it('frames go over the Unix-domain socket where the coordinator has started the worker, and over the port where that is gone', async () => {
    const alone = await runInput(fedavg);
    for (const isGone of [false, true]) {
      const notes: string[] = [];
      const linkOf = (path: string) => (isGone ? `${path}-gone` : path);
      const fleet: NonNullable<SessionOptions['fleet']> = (scenario, method, problem, options) =>
        remoteFleet(scenario, method, problem, options, new SocketWorkers(true, linkOf, (text) => notes.push(text)));
      const { outcome } = await runInput({ ...fedavg, workers: { count: 2 } }, { fleet });
      expect(outcome.stateDigest).to.equal(alone.outcome.stateDigest);
      const gone = notes.filter((text) => / frames go over the port$/.test(text));
      expect(gone).to.have.length(isGone && process.platform !== 'win32' ? 2 : 0);
    }
  });

  it('workers that never come: ERR_WORKERS_MISSING says how many came and how to start more', async () => {
    const started = performance.now();
    const lonely = async () =>
      runInput(
        { ...fedavg, workers: { count: 3, joinTimeoutMs: 400 } },
        {
          fleet: (scenario, method, problem, options) =>
            remoteFleet(scenario, method, problem, options, { start: () => {}, stop: async () => {} }),
        },
      );
    await lonely().then(
      () => expect.fail('expected an error'),
      (error: Error) =>
        expect(error.message).to.match(
          /ERR_WORKERS_MISSING: expected 3 workers within workers.joinTimeoutMs = 400 ms, got 0.*--join ws:/,
        ),
    );
    expect(performance.now() - started).to.be.below(5000);
  });

  it('a run that diverged has no state digest: two of them would look equal', async () => {
    const { record, outcome } = await overSockets(
      { ...tracking, method: { name: 'gradient-tracking', stepSize: 1e200 } },
      3,
    );
    expect(record.stateDigest).to.equal('');
    expect(outcome.verdict.valid).to.equal(false);
  });

  it('replay of a recorded run gives the recorded bits and says so', async () => {
    const { path } = await overSockets(fedavg, 2);
    const outcome = await replayRun(path, {
      directory: join(temporaryFolder(), 'again'),
      listen: null,
      signal: new AbortController().signal,
    });
    expect(outcome.verdict.valid).to.equal(true);
    expect(readFileSync(join(path, 'deliveries.jsonl'), 'utf8').trim().split('\n')).to.have.length(5);
  });
});
