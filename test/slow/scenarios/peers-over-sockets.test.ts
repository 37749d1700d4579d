import { expect } from 'chai';
import { drop } from '../../../protocol/faults/drop.js';
import type { ScenarioInput } from '../../../protocol/scenario/input.js';
import { LocalWorkers } from '../../../scenarios/run/local-workers.js';
import { type RemoteFleet, remoteFleet } from '../../../scenarios/run/remote-fleet.js';
import type { SessionOptions } from '../../../scenarios/run/session-options.js';
import { runInput } from '../../support/scripted-run.js';

const torus: Omit<ScenarioInput, 'name' | 'method'> = {
  objective: { name: 'quadratic', dimension: 40, curvature: 'full' },
  data: 'none',
  clients: 16,
  rounds: 12,
  seed: 9,
  precision: 'float64',
  topology: { name: 'torus' },
};

/** Four kinds of run: two kinds a round, replicas that losses throw back, noise by link, and directed shares that come back. */
const runs: readonly ScenarioInput[] = [
  { ...torus, name: 'peers-tracking', method: { name: 'gradient-tracking', stepSize: 0.05, form: 'atc' } },
  {
    ...torus,
    name: 'peers-compressed',
    method: { name: 'cdproxsgt', stepSize: 0.05, links: 'acknowledged' },
    codecs: { '*': { codec: { name: 'top-k', fraction: 0.3 } } },
    faults: [drop({ probability: 0.2 })],
  },
  {
    ...torus,
    name: 'peers-vra',
    method: 'vra-dgt',
    faults: [drop({ probability: 0.2 }), { fault: 'channel-noise', stddev: 0.1 }],
  },
  {
    ...torus,
    name: 'peers-push-sum',
    method: { name: 'push-sum', stepSize: 0.05 },
    topology: { name: 'one-peer-exponential', weights: 'push-sum' },
    faults: [drop({ probability: 0.2 })],
  },
];

describe('16 peers in 4 worker processes', function () {
  this.timeout(60_000);

  for (const input of runs)
    it(`${input.name}: the state of one process in every bit, and the coordinator neither carries nor passes on a vector`, async () => {
      const alone = await runInput(input);
      const carried: number[] = [];
      const fleet: NonNullable<SessionOptions['fleet']> = async (scenario, method, problem, options) => {
        const remote: RemoteFleet = await remoteFleet(
          scenario,
          method,
          problem,
          options,
          new LocalWorkers(() => {}, { scenario, use: [], initial: null }),
        );
        const { close } = remote;
        return {
          ...remote,
          close: async () => {
            const { router } = remote.server;
            carried.push(router.relayedBytes, router.receivedFrameBytes, router.sentFrameBytes);
            await close();
          },
        };
      };
      const spread = await runInput({ ...input, workers: { count: 4 } }, { fleet });
      expect(spread.outcome.stateDigest).to.equal(alone.outcome.stateDigest);
      expect(carried).to.deep.equal([0, 0, 0]);
      const { bytesUp, bytesDown, bytesPeer } = spread.outcome.summary;
      expect([bytesUp, bytesDown, bytesPeer]).to.deep.equal([0, 0, alone.outcome.summary.bytesPeer]);
      expect(bytesPeer).to.be.greaterThan(16 * 12 * 8);
    });
});
