import { expect } from 'chai';
import { DISTURBED_RUNS, disturbedRun, wait } from '../support/disturbed-run.js';

/** Real worker processes behind proxies: cuts of each connection at random points, half-open ones, and one of 5 s that heals. */
describe('worker processes whose connections are cut', function () {
  this.timeout(600_000);

  for (const [name, input] of Object.entries(DISTURBED_RUNS))
    it(`${name}: the undisturbed digest, every seat kept, no rollback`, async () => {
      const { joined, lost, rolledBack, cuts } = await disturbedRun(
        { ...input, rounds: 4 * input.rounds },
        {
          processes: true,
          act: async ({ up, peers }, random) => {
            for (let i = 0; i < 20; i++) {
              await wait(60 * random());
              const worker = Math.floor(3 * random());
              const peer = random() < 0.3;
              const proxy = peer ? peers[worker]! : up[worker]!;
              const what = peer ? 'peers' : random() < 0.5 ? 'control' : 'frames';
              // Half of the heartbeat passes before both ends have noticed: such cuts are few.
              if (i === 5) proxy.silence(random() < 0.5 ? 'both' : random() < 0.5 ? 'to' : 'from', what);
              else proxy.cut(what);
            }
            const worker = Math.floor(3 * random());
            up[worker]!.shut();
            await wait(5000);
            up[worker]!.heal();
          },
        },
      );
      expect(cuts).to.be.greaterThan(10);
      expect([joined, lost, rolledBack]).to.deep.equal([3, [], 0]);
    });
});
