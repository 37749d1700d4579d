import { expect } from 'chai';
import { loadProbes } from '../../../protocol/probe-loader.js';
import { alignmentScore } from '../../../protocol/probes/gradient-weight-alignment.js';
import type { ScenarioInput } from '../../../protocol/scenario/input.js';
import { runInput } from '../../support/scripted-run.js';
import { socketRun } from '../../support/socket-run.js';

const SEGMENTS = [
  { name: 'hidden/weights', module: 'hidden', offset: 0, shape: [1, 2] },
  { name: 'head/weights', module: 'head', offset: 2, shape: [2, 1] },
  { name: 'head/bias', module: 'head', offset: 4, shape: [1] },
];
const MESSAGES = { update: { from: 'clients', to: 'coordinator', vectors: ['delta'] } } as const;

async function columnsOf(settings: object, deltas: readonly (readonly number[])[]) {
  const spec = { name: 'gradient-weight-alignment', kind: 'update', ...settings };
  const [probe] = await loadProbes([spec], { messages: MESSAGES, segments: SEGMENTS, parameterCount: 5 });
  const round = probe!.begin(probe!.init(), Float64Array.of(9, 9, 3, 4, 9));
  for (const [from, delta] of deltas.entries()) round.take('update', { from, delta: Float64Array.from(delta) });
  const columns: Record<string, number> = {};
  round.finish(
    (name, value) => {
      columns[name] = value;
    },
    () => {},
  );
  return columns;
}

const input: ScenarioInput = {
  name: 'alignment',
  method: { name: 'fedavg', localEpochs: 1, batchSize: 10 },
  objective: 'softmax-regression',
  data: { name: 'gaussian-clusters', classes: 5, examples: 600, testExamples: 50, partition: 'iid' },
  clients: 6,
  rounds: 8,
  faults: [{ fault: 'label-flip', clients: [2], to: 'next', from: 3 }],
  measure: [{ name: 'gradient-weight-alignment', kind: 'update' }],
};

describe('gradient-weight alignment', () => {
  it('is the cosine with the last matrix alone: (6, 8) along (3, 4) has 1, (4, -3) 0, (-3, -4) -1', async () => {
    const columns = await columnsOf({}, [
      [1, 1, 6, 8, 1],
      [5, 5, 4, -3, 5],
      [0, 0, -3, -4, 7],
    ]);
    expect(columns['alignment/0']).to.be.closeTo(1, 1e-12);
    expect(columns['alignment/1']).to.be.closeTo(0, 1e-12);
    expect(columns.leastAlignment).to.be.closeTo(-1, 1e-12);
    expect(columns.alignment).to.be.closeTo(0, 1e-12);
  });

  it('of a gradient has the other sign, and of another tensor is asked for by its name', async () => {
    const columns = await columnsOf({ sign: 'gradient', tensor: 'hidden/weights' }, [[2, 2, -6, -8, 1]]);
    expect(columns['alignment/0']).to.be.closeTo(-1, 1e-12);
  });

  it('the score divides the mean by excess kurtosis + 1.2, and is none where that is about 0', () => {
    // 0 0 0 0 5: mean 1, variance 4, fourth moment (4 + 256) / 5 = 52, kurtosis 3.25.
    expect(alignmentScore([0, 0, 0, 0, 5])).to.be.closeTo(1 / (3.25 - 3 + 1.2), 1e-12);
    expect(alignmentScore([0, 1])).to.equal(null);
    expect(alignmentScore([2, 2, 2])).to.equal(null);
  });

  it('shows the client whose labels are false from the round in which they are, in every placement, and changes no bits', async () => {
    const run = await runInput(input);
    const least = run.record.rows.map(({ extra }) =>
      [0, 1, 2, 3, 4, 5].filter((client) => extra[`alignment/${client}`] === extra.leastAlignment),
    );
    expect(least.slice(4)).to.deep.equal([[2], [2], [2], [2]]);
    const remote = await socketRun(input, 2);
    expect(remote.record.rows.at(-1)!.extra.alignment).to.equal(run.record.rows.at(-1)!.extra.alignment);
    const { measure: _, ...without } = input;
    expect((await runInput(without)).outcome.stateDigest).to.equal(run.outcome.stateDigest);
  }).timeout(60_000);
});
