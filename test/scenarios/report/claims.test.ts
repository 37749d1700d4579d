import { expect } from 'chai';
import type { MetricsRow, RunRecord } from '../../../protocol/scenario/expectation.js';
import { below } from '../../../protocol/scenario/expectations/below.js';
import { ratio } from '../../../protocol/scenario/expectations/ratio.js';
import { type ClaimInput, isSweep } from '../../../protocol/scenario/input.js';
import { resolveScenario } from '../../../protocol/scenario/resolve.js';
import type { Claim, Scenario } from '../../../protocol/scenario/scenario.js';
import { resolveSweep } from '../../../protocol/scenario/sweep.js';
import { judgeClaims } from '../../../scenarios/report/claims.js';
import { loadCatalogue } from '../../../scenarios/run/catalogue.js';
import { loadScenario, shippedNames } from '../../../scenarios/run/load.js';

/** `sgd` runs as its paper says; `vrgd` is marked a reconstruction. */
const record = (method: string, seed: number, loss: number): RunRecord => ({
  scenario: { method: { name: method }, seed } as unknown as Scenario,
  rows: [{ round: 1, loss, accuracy: null, extra: {} } as unknown as MetricsRow],
  summary: {},
  faultsFired: [],
  stateDigest: '',
});
const RECORDS = [record('sgd', 1, 1), record('sgd', 2, 3), record('vrgd', 1, 0.5), record('vrgd', 2, 1.5)];
const SGD = { 'method.name': 'sgd' };
const VRGD = { 'method.name': 'vrgd' };

async function judged(claim: Omit<ClaimInput, 'claim' | 'source'>, records: readonly RunRecord[] = RECORDS) {
  const complete = { claim: 'C', source: 'S', where: null, against: null, judgedBy: [], text: 'method', note: null };
  const [found] = await judgeClaims([{ ...complete, ...claim } as Claim], records);
  return found!;
}

describe('claims', () => {
  it('are judged on the runs that they name alone, whatever the order of the points', async () => {
    for (const records of [RECORDS, [...RECORDS].reverse()]) {
      const low = await judged({ where: SGD, judgedBy: [below({ of: 'finalLoss', value: 2.5 })] }, records);
      expect(low).to.include({
        status: 'reproduced',
        ours: 'finalLoss is 2, expected below 2.5',
        runs: 'sgd; seeds 1, 2',
      });
    }
  });

  it('take the word reconstruction from the method of those runs, not from that of the sweep’s first point', async () => {
    const half = [below({ of: 'finalLoss', value: 1.2 })];
    expect((await judged({ where: VRGD, judgedBy: half })).status).to.equal('reconstruction agrees');
    expect((await judged({ where: SGD, judgedBy: half })).status).to.equal('not reproduced');
    const less = [below({ of: 'finalLoss', value: 0.1 })];
    expect((await judged({ where: VRGD, judgedBy: less })).status).to.equal('reconstruction does not agree');
  });

  it('say themselves where the settings are the printed ones, or where another method than the paper’s ran', async () => {
    const one = { judgedBy: [below({ of: 'finalLoss', value: 9 })] };
    expect((await judged({ where: VRGD, text: 'printed', ...one })).status).to.equal('reproduced');
    expect((await judged({ where: SGD, text: 'reconstruction', ...one })).status).to.equal('reconstruction agrees');
  });

  it('are shown, not judged, where settings were chosen by the claim', async () => {
    for (const value of [9, 0.1]) {
      const shown = await judged({ where: SGD, text: 'chosen', judgedBy: [below({ of: 'finalLoss', value })] });
      expect(shown.status).to.equal('not judged');
      expect(shown.ours).to.equal(`finalLoss is 2, expected below ${value}`);
    }
  });

  it('are not judged without an expectation, without a run, or where an interval is cut by the bound', async () => {
    expect((await judged({ where: SGD })).status).to.equal('not judged');
    const nothing = await judged({ where: { 'method.name': 'dgd' }, judgedBy: [below({ of: 'finalLoss', value: 9 })] });
    expect(nothing).to.include({ status: 'not judged', runs: 'no run' });
    const records = [record('sgd', 1, 1), record('sgd', 2, 2), record('vrgd', 1, 0.1), record('vrgd', 2, 2.1)];
    const compare = { numerator: VRGD, denominator: SGD, most: 0.9, interval: true } as const;
    const cut = await judged(
      { where: VRGD, against: SGD, judgedBy: [ratio({ of: 'finalLoss', ...compare })] },
      records,
    );
    expect(cut.status).to.equal('not judged');
  });

  it('of a comparison show both numbers, the interval and the seeds', async () => {
    const halved = ratio({ of: 'finalLoss', numerator: VRGD, denominator: SGD, most: 0.6, interval: true });
    const shown = await judged({ where: VRGD, against: SGD, judgedBy: [halved] });
    expect(shown.ours).to.equal(
      'finalLoss 1 (method=vrgd) / 2 (method=sgd) = 0.5 (95 % interval 0.5 to 0.5, 2 seeds), expected at most 0.6',
    );
    expect(shown.runs).to.equal('vrgd against method=sgd; seeds 1, 2');
    expect(shown.status).to.equal('reconstruction agrees');
  });

  it('of every shipped scenario name runs that are there and an expectation that judges them', async function () {
    this.timeout(120_000);
    const catalogue = await loadCatalogue();
    let count = 0;
    for (const name of shippedNames()) {
      const input = await loadScenario(name);
      const sweep = isSweep(input);
      const scenarios = sweep
        ? (await resolveSweep(input, catalogue)).points.map(({ scenario }) => scenario)
        : [await resolveScenario(input, catalogue)];
      const { claims } = sweep ? await resolveSweep(input, catalogue) : scenarios[0]!;
      const records = scenarios.map((scenario) => ({ ...record('', 0, 1), scenario }));
      for (const { runs, ours, claim } of await judgeClaims(claims, records)) {
        count++;
        expect(runs, `${name}: ${claim}`).not.to.equal('no run');
        expect(ours, `${name}: ${claim}`).not.to.equal('nothing that decides it');
      }
    }
    expect(count).to.be.greaterThan(15);
  });
});
