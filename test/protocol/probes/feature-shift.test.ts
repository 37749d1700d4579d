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
  const spec = { name: 'feature-shift', kind: 'update', warmUp: 3 };
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
  rounds: 12,
  faults,
  measure: [{ name: 'feature-shift', kind: 'update' }],
});
const alarms = (rows: readonly { readonly extra: Readonly<Record<string, number>> }[]) =>
  rows.flatMap(({ extra }, round) => (extra.featureShiftAlarms! > 0 ? [[round, extra.featureShiftAlarms]] : []));

describe('feature shift', () => {
  it('the profile is the share of each input, whatever the length of the vector and the order of the outputs', () => {
    expect([...inputProfile(Float64Array.of(1, 2, 0, 0, 3, 1), 2)!]).to.deep.equal([5 / 15, 0, 10 / 15]);
    expect([...inputProfile(Float64Array.of(-4, 2, 0, 0, 2, 6), 2)!]).to.deep.equal([5 / 15, 0, 10 / 15]);
    expect(inputProfile(new Float64Array(6), 2)).to.equal(null);
  });

  it('is an alarm once where a profile that stood still changes, and not where lengths or outputs do', async () => {
    const still = [1, 0, 0, 1, 0, 0];
    const columns = await columnsOf([still, still, [0, -3, 3, 0, 0, 0], still, [0, 0, 0, 0, 1, 1], [0, 0, 0, 0, 1, 1]]);
    expect(columns.map(({ featureShiftAlarms }) => featureShiftAlarms)).to.deep.equal([undefined, 0, 0, 0, 1, 0]);
    expect(columns[4]!['featureShift/0']).to.equal(1);
  });

  it('of runs is an alarm too where labels change or all features are twice as large, once the model separates classes', async () => {
    for (const fault of [
      { fault: 'label-flip', clients: [1, 2], from: 10 },
      { fault: 'feature-skew', clients: [1, 2], scale: 2, from: 10 },
    ] as const) {
      const { record } = await runInput(input([fault]));
      expect(alarms(record.rows)[0], fault.fault).to.deep.equal([10, 2]);
    }
  });

  it('of runs finds the two clients whose features are rotated, once, and further off than those whose labels change, in every placement', async () => {
    const skewed = input([{ fault: 'feature-skew', clients: [1, 2], rotation: 0.25, from: 10 }]);
    const run = await runInput(skewed);
    expect(alarms(run.record.rows)).to.deep.equal([[10, 2]]);
    const drifted = await runInput(input([{ fault: 'concept-drift', clients: [1, 2], from: 10 }]));
    const [rotated, relabelled] = [run, drifted].map(({ record }) => record.rows[10]!.extra['featureShift/1']!);
    expect(rotated).to.be.greaterThan(1.3 * relabelled!);
    expect(alarms((await runInput(input([]))).record.rows)).to.deep.equal([]);
    const remote = await socketRun(skewed, 2);
    expect(remote.outcome.stateDigest).to.equal(run.outcome.stateDigest);
    expect(alarms(remote.record.rows)).to.deep.equal([[10, 2]]);
  }).timeout(60_000);
});
