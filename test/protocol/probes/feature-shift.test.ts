import { expect } from 'chai';
import { loadProbes } from '../../../protocol/probe-loader.js';
import { inputProfile } from '../../../protocol/probes/feature-shift.js';
import type { ScenarioInput } from '../../../protocol/scenario/input.js';
import { runInput } from '../../support/scripted-run.js';
import { socketRun } from '../../support/socket-run.js';

const SEGMENTS = [
  { name: 'dense/weights', module: 'dense', offset: 0, shape: [3, 2] },
  { name: 'dense/bias', module: 'dense', offset: 6, shape: [2] },
];
const MESSAGES = { update: { from: 'clients', to: 'coordinator', vectors: ['delta'] } } as const;

async function columnsOf(deltas: readonly (readonly number[])[]) {
  const spec = { name: 'feature-shift', kind: 'update', window: 2, memory: 8, warmUp: 4 };
  const [probe] = await loadProbes([spec], { messages: MESSAGES, segments: SEGMENTS, parameterCount: 8 });
  let state = probe!.init();
  return deltas.map((delta) => {
    const round = probe!.begin(state);
    round.take('update', { from: 0, delta: Float64Array.from([...delta, 9, 9]) });
    const columns: Record<string, number> = {};
    state = round.finish(
      (name, value) => {
        columns[name] = value;
      },
      () => {},
    );
    return columns;
  });
}

const input = (faults: NonNullable<ScenarioInput['faults']>): ScenarioInput => ({
  name: 'shift',
  method: { name: 'fedavg', localEpochs: 1, batchSize: 20, clientLearningRate: 0.05 },
  objective: 'softmax-regression',
  data: { name: 'gaussian-clusters', classes: 5, examples: 1_200, testExamples: 50, separation: 4, partition: 'iid' },
  clients: 4,
  rounds: 36,
  faults,
  measure: [{ name: 'feature-shift', kind: 'update' }],
});
/** Clients that are an alarm, in the rounds that one window of five sees after the 30th, and how often in all other rounds. */
function alarms(rows: readonly { readonly extra: Readonly<Record<string, number>> }[]) {
  const found: number[] = [];
  let others = 0;
  for (const [round, { extra }] of rows.entries())
    for (const client of [0, 1, 2, 3]) {
      if (!(extra[`featureShift/${client}`]! > 5)) continue;
      if (round >= 30 && round < 35) found.push(client);
      else others++;
    }
  return { found: found.sort((a, b) => a - b), others };
}

describe('feature shift', () => {
  it('the profile is the root of the share of each input, whatever the length of the vector and the order of the outputs', () => {
    const roots = [5 / 15, 0, 10 / 15].map(Math.sqrt);
    expect([...inputProfile(Float64Array.of(1, 2, 0, 0, 3, 1), 2)!]).to.deep.equal(roots);
    expect([...inputProfile(Float64Array.of(-4, 2, 0, 0, 2, 6), 2)!]).to.deep.equal(roots);
    expect(inputProfile(new Float64Array(6), 2)).to.equal(null);
  });

  it('is an alarm once where a profile that stood still changes, and not where lengths or outputs do', async () => {
    const still = [1, 0, 0, 1, 0, 0];
    const other = [0, 0, 0, 0, 1, 1];
    const columns = await columnsOf([...Array(5).fill(still), [0, -3, 3, 0, 0, 0], still, other, other, other]);
    const alarms = columns.map(({ featureShiftAlarms }) => featureShiftAlarms);
    expect(alarms).to.deep.equal([0, 0, 0, 0, 0, 0, 0, 1, 0, 0]);
    // A window of two after four messages, and a history that begins again.
    expect(columns.flatMap((one, round) => ('featureShift/0' in one ? [round] : []))).to.deep.equal([5, 6, 7]);
  });

  it('is by hand what the definition says: newest two (0.6, 0.8), four before them of mean m and variance v', async () => {
    const angle = (turn: number) => [Math.cos(turn), 0, 0, Math.sin(turn), 0, 0];
    const turns = [0.1, 0.2, 0.3, 0.4, 0.6, 0.8];
    const { 'featureShift/0': shift } = (await columnsOf(turns.map(angle)))[5]!;
    const before = turns.slice(0, 4).map((turn) => [Math.cos(turn), Math.sin(turn), 0]);
    const newest = [(Math.cos(0.6) + Math.cos(0.8)) / 2, (Math.sin(0.6) + Math.sin(0.8)) / 2, 0];
    const mean = newest.map((_, i) => before.reduce((sum, profile) => sum + profile[i]!, 0) / 4);
    const variance = mean.map((m, i) => before.reduce((sum, profile) => sum + (profile[i]! - m) ** 2, 0) / 3);
    const overall = variance.reduce((sum, one) => sum + one, 0) / 3;
    const squares = newest.map((x, i) => (x - mean[i]!) ** 2 / (0.5 * variance[i]! + 0.5 * overall + 1e-10));
    const change = (squares.reduce((sum, one) => sum + one, 0) / 3 / (1 / 2 + 1 / 4)) * (1 / 3);
    // Before there was a change, 3 is what is usual.
    expect(shift).to.be.closeTo(change / 3, 1e-9 * change);
  });

  it('of runs is an alarm too where labels change or all features are twice as large, once the model separates classes', async () => {
    for (const fault of [
      { fault: 'label-flip', clients: [1, 2], from: 30 },
      { fault: 'feature-skew', clients: [1, 2], scale: 2, from: 30 },
    ] as const) {
      const { record } = await runInput(input([fault]));
      expect(alarms(record.rows).found, fault.fault).to.include.members([1, 2]);
    }
  });

  it('of runs finds the two clients whose features are rotated, each once, and further off than those whose labels change, in every placement', async () => {
    const skewed = input([{ fault: 'feature-skew', clients: [1, 2], rotation: 0.25, from: 30 }]);
    const run = await runInput(skewed);
    expect(alarms(run.record.rows)).to.deep.equal({ found: [1, 2], others: 0 });
    const drifted = await runInput(input([{ fault: 'concept-drift', clients: [1, 2], from: 30 }]));
    const [rotated, relabelled] = [run, drifted].map(({ record }) => record.rows[30]!.extra['featureShift/1']!);
    expect(rotated).to.be.greaterThan(1.3 * relabelled!);
    expect(alarms((await runInput(input([]))).record.rows)).to.deep.equal({ found: [], others: 0 });
    const remote = await socketRun(skewed, 2);
    expect(remote.outcome.stateDigest).to.equal(run.outcome.stateDigest);
    expect(remote.record.rows.map(({ extra }) => extra['featureShift/1'])).to.deep.equal(
      run.record.rows.map(({ extra }) => extra['featureShift/1']),
    );
  }).timeout(60_000);
});
