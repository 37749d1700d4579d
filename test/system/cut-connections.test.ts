import { expect } from 'chai';
import { cutting, DISTURBED_RUNS, disturbedRun, wait } from '../support/disturbed-run.js';

const { server, peers } = DISTURBED_RUNS;

describe('connections that are cut in the middle of a run', function () {
  this.timeout(180_000);

  // The run named 'server' is among the unit tests.
  for (const [name, input] of Object.entries(DISTURBED_RUNS).filter(([run]) => run !== 'server'))
    it(`${name}: control, frame and peer connections cut at random cost nothing: no seat, no rollback, the same bits and bytes`, async () => {
      const kinds = 'topology' in input ? (['control', 'frames', 'peers'] as const) : (['control', 'frames'] as const);
      const { joined, lost, rolledBack, reopened, cuts } = await disturbedRun(input, { act: cutting(kinds, 60) });
      expect(cuts).to.be.greaterThan(10);
      expect(reopened.length).to.be.greaterThan(3);
      expect([joined, lost, rolledBack]).to.deep.equal([3, [], 0]);
    });

  it('a worker that is cut off for a while, in every connection, keeps its seat and its generation', async () => {
    const { joined, lost, reopened } = await disturbedRun(server, {
      act: async ({ up }) => {
        up[1]!.shut();
        await wait(1500);
        up[1]!.heal();
      },
    });
    expect([joined, lost]).to.deep.equal([3, []]);
    expect(reopened).to.include('worker-1');
  });

  it('a cable that is pulled, so that neither end is notified, is noticed within half of the heartbeat and costs nothing', async () => {
    const { joined, lost, reopened } = await disturbedRun(server, {
      heartbeatMs: 4000,
      act: async ({ up }) => up[0]!.silence('both', 'control', 'frames'),
    });
    expect([joined, lost]).to.deep.equal([3, []]);
    expect(reopened).to.include('worker-0');
  });

  it('a worker that is cut off for longer than the heartbeat loses its seat; the same process takes it again, and the run ends in the same bits', async () => {
    const { lost, rolledBack } = await disturbedRun(server, {
      heartbeatMs: 2500,
      act: async ({ up }) => {
        up[2]!.shut();
        await wait(5000);
        up[2]!.heal();
      },
    });
    expect(lost).to.include('worker-2');
    expect(rolledBack).to.be.greaterThan(0);
  });

  for (const way of ['to', 'from'] as const)
    it(`two workers that cannot reach each other (bytes ${way} one of them vanish) go through the coordinator after workers.peerDownMs, with the same bits`, async () => {
      const { joined, lost, relayedBytes, notes } = await disturbedRun(peers, {
        heartbeatMs: 3000,
        peerDownMs: 300,
        act: async ({ peers: proxies }) => {
          proxies[1]!.silence(way, 'peers');
          proxies[1]!.shut('silent');
        },
      });
      expect(relayedBytes).to.be.greaterThan(0);
      expect([joined, lost]).to.deep.equal([3, []]);
      expect(notes).to.match(
        /worker-1 was unreachable for workers.peerDownMs = 300 ms: frames to it go through the coordinator/,
      );
    });
});
