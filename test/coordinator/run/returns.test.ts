import { expect } from 'chai';
import { loadMethod } from '../../../protocol/method-loader.js';
import { placements } from '../../../scenarios/check/parts/placements.js';
import { resolveTiny } from '../../../scenarios/check/parts/tiny-problems.js';
import { runTiny, type TinyRunOptions } from '../../../scenarios/check/parts/tiny-run.js';

const MS = 100;

/** Six equal devices on links without delay: no client ever waits. Client 1 is away in rounds 2 to 5. */
async function run(name: string, more: object = {}, options: TinyRunOptions = {}) {
  const method = await loadMethod(name);
  const scenario = await resolveTiny(method, {
    method: { name },
    objective: { name: 'quadratic', dimension: 4 },
    clients: 6,
    rounds: 8,
    devices: [{ clients: 'all', msPerExample: 0, msPerRound: MS }],
    links: [{ latencyMs: 0, bandwidthMbps: null }],
    energy: [{ clients: 'all', computeWatts: 0, waitingWatts: 1 }],
    faults: [{ fault: 'crash', clients: [1], from: 2, until: 6, memory: 'kept' }],
    checkpoints: { everyRounds: 4 },
    ...more,
  } as never);
  const { rows, snapshots, digest } = await runTiny(scenario, method, options);
  return {
    joules: rows.map(({ extra }) => extra.computeJoules),
    ms: rows.map(({ simulatedMs }) => simulatedMs),
    snapshots,
    digest,
  };
}

describe('clients that return from absence', () => {
  it('spend no joules of waiting for it, and begin at the time of the run: peers in rounds and in meetings, and clients of a server', async () => {
    for (const [name, more] of [
      ['dgd', { topology: 'ring' }],
      ['gradient-tracking', { topology: 'ring' }],
      ['ad-psgd', { topology: 'ring' }],
      ['fedavg', {}],
      ['fedavg', { participation: { cohort: 2 } }],
    ] as const) {
      const { joules, ms } = await run(name, more);
      for (const each of joules) expect(each, name).to.be.closeTo(0, 1e-9);
      if (name !== 'ad-psgd') expect(ms, name).to.deep.equal(Array.from({ length: 8 }, (_, i) => (i + 1) * MS));
    }
  });

  it('in all placements, and where a run is resumed while they are away', async () => {
    const faults = [{ fault: 'crash', clients: [1], from: 2, until: 6, memory: 'kept' }];
    const links = [{ latencyMs: 7, bandwidthMbps: null }];
    const more = { topology: 'ring', faults, links };
    const whole = await run('dgd', more);
    for (const placement of placements)
      expect((await run('dgd', more, { placement })).joules, placement.name).to.deep.equal(whole.joules);
    const resumed = await run('dgd', more, { from: whole.snapshots[0]! });
    expect([resumed.joules, resumed.ms]).to.deep.equal([whole.joules.slice(4), whole.ms.slice(4)]);
    expect(resumed.digest).to.equal(whole.digest);
  });
});
