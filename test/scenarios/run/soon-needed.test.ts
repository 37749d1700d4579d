import { expect } from 'chai';
import { soonNeeded } from '../../../scenarios/run/soon-needed.js';

/** How many processes were begun; they run until they are stopped. */
async function begun(...run: Parameters<typeof soonNeeded>): Promise<number> {
  const processes = await soonNeeded(...run);
  const pids = processes?.pids ?? [];
  for (const pid of pids) expect(process.kill(pid, 0)).to.equal(true);
  await processes?.stop(true);
  for (const pid of pids) expect(() => process.kill(pid, 0)).to.throw(/ESRCH/);
  return pids.length;
}

describe('worker processes that are begun before the scenario is complete', () => {
  it('are as many as the shipped scenario has, or the command line says', async () => {
    expect(await begun('quick-start', {})).to.equal(2);
    expect(await begun('quick-start', { workers: 1, set: [{ path: 'clients' }] })).to.equal(1);
    expect(await begun('cifar10-network', { workers: 1 })).to.equal(1);
  });

  it('are none where all computes in one process, workers join from elsewhere, or another setting may change how many', async () => {
    expect(await begun('cifar10-network', {})).to.equal(0);
    expect(await begun('quick-start', { workers: 0 })).to.equal(0);
    expect(await begun('quick-start', { workers: 100_000 })).to.equal(0);
    expect(await begun('quick-start', { listen: {} })).to.equal(0);
    expect(await begun('quick-start', { seeds: 3 })).to.equal(0);
    expect(await begun('quick-start', { set: [{ path: 'workers.count' }] })).to.equal(0);
    expect(await begun('client-selection', { workers: 2 })).to.equal(0);
    expect(await begun('no-such-scenario', { workers: 2 })).to.equal(0);
  });
});
