import { expect } from 'chai';
import { Batteries } from '../../../coordinator/run/batteries.js';
import { noCodingCosts } from '../../../protocol/party/coding-cost.js';
import type { PartyReport } from '../../../protocol/party/party-report.js';
import type { ScenarioInput } from '../../../protocol/scenario/input.js';
import { resolved } from '../../support/scripted-run.js';

/** Capacity 100 J; charged with 10 W in the first half of every 20 s. */
const trace = {
  rows: [
    [0, 0, 10],
    [0, 10, 0],
  ],
};
const input = {
  method: 'fedavg',
  data: 'gaussian-clusters',
  clients: 3,
  energy: [
    { clients: 'all', computeWatts: 1 },
    { clients: [0, 1], computeWatts: 1, battery: { capacityJoules: 100, start: 0.5, trace, period: 20 } },
  ],
} as unknown as ScenarioInput;

const open = async () => new Batteries(await resolved({ ...input, name: 'batteries' }));
const used = (party: number, joules: number): PartyReport => ({
  party,
  clockMs: 0,
  measures: [
    ['computeJoules', joules / 4],
    ['radioJoules', (3 * joules) / 4],
    ['loss', 1e6],
  ],
  unusedMessages: [],
  unused: [],
  ledger: [],
  coding: noCodingCosts(),
});

describe('batteries of clients', () => {
  it('are emptied by what a round used, charged by their trace over its time, and never above their capacity', async () => {
    const batteries = await open();
    expect(batteries.charge([used(0, 20), used(2, 500)], 2_000).batteryCharge).to.be.closeTo((0.5 + 0.7) / 2, 1e-12);
    // 80 J until 10 s, none until 20 s, 50 J until 25 s.
    expect(batteries.charge([], 25_000).batteryCharge).to.equal(1);
    expect(batteries.isEmpty(2)).to.equal(false);
  });

  it('that are empty keep their client away until the charge is at `resume`, 0.2 of the capacity by default', async () => {
    const batteries = await open();
    expect(batteries.charge([used(1, 60)], 0)).to.deep.equal({ batteriesEmpty: 1, batteryCharge: 0.25 });
    expect(batteries.isEmpty(1)).to.equal(true);
    batteries.advance(1_999);
    expect(batteries.isEmpty(1)).to.equal(true);
    expect(batteries.nextMs(1_999)).to.equal(2_000);
    batteries.advance(2_000);
    expect(batteries.isEmpty(1)).to.equal(false);
  });

  it('have a state from which they continue alike', async () => {
    const batteries = await open();
    batteries.charge([used(0, 70)], 1_000);
    const again = await open();
    again.restore(structuredClone(batteries.state!));
    for (const one of [batteries, again]) one.advance(1_500);
    expect(again.state).to.deep.equal(batteries.state);
    expect(again.isEmpty(0)).to.equal(true);
  });
});
