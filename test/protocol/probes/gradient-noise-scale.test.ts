import { expect } from 'chai';
import type { MessageKinds, Segment, Vector } from '../../../protocol/method.js';
import { loadMethod } from '../../../protocol/method-loader.js';
import { rootStream } from '../../../protocol/numerics/random.js';
import { norm, subtract } from '../../../protocol/numerics/vector.js';
import { loadProbes } from '../../../protocol/probe-loader.js';
import { resolveScenario } from '../../../protocol/scenario/resolve.js';
import type { Json } from '../../../protocol/scenario/scenario.js';
import { loadCatalogue } from '../../../scenarios/run/catalogue.js';
import { tinyRun, tinyScenario } from '../../support/tiny-run.js';

const LENGTH = 12;
const stream = rootStream(7, 'float64');
const gradient = (...path: (string | number)[]): Vector => stream.derive(...path).normal(LENGTH);
const segments: readonly Segment[] = [
  { name: 'a', module: 'a', offset: 0, shape: [4] },
  { name: 'b', module: 'b', offset: 4, shape: [8] },
];
const messages: MessageKinds = {
  model: { from: 'coordinator', to: 'cohort', vectors: ['params'] },
  gradient: { from: 'clients', to: 'coordinator', vectors: ['gradient'], scalars: ['examples'] },
  moments: { from: 'clients', to: 'coordinator', vectors: ['spread'], scalars: ['parts'] },
};

type Message = { readonly kind: string; readonly from: number } & Readonly<Record<string, unknown>>;

/** Columns of each round, from the messages of each. */
async function columns(settings: Record<string, Json>, rounds: readonly (readonly Message[])[]) {
  const spec = { name: 'gradient-noise-scale', kind: 'gradient', ...settings };
  const [probe] = await loadProbes([spec], { messages, segments, parameterCount: LENGTH });
  let state = probe!.init();
  return rounds.map((round) => {
    const measured = new Map<string, number>();
    const reading = probe!.begin(state);
    for (const { kind, ...message } of round) reading.take(kind, message);
    state = reading.finish(
      (name, value) => measured.set(name, value),
      () => {},
    );
    return measured;
  });
}

const gradients = (round: number, clients: number): Message[] =>
  Array.from({ length: clients }, (_, from) => ({
    kind: 'gradient',
    from,
    gradient: gradient(round, from),
    examples: 8,
  }));

describe('protocol/probes/gradient-noise-scale', () => {
  it('is (sum tr Sigma) / (sum |G|^2) of all rounds by decay, and by module', async () => {
    const rounds = [0, 1, 2, 3, 4].map((t) => gradients(t, 8));
    const measured = await columns({ decay: 0.5 }, rounds);
    let [traces, signals] = [0, 0];
    for (const [t, round] of rounds.entries()) {
      const list = round.map((message) => message.gradient as Vector);
      const mean = list[0]!.map((_, j) => list.reduce((sum, g) => sum + g[j]! / 8, 0)) as Vector;
      const trace = (8 * list.reduce((sum, g) => sum + norm(subtract(g, mean)) ** 2, 0)) / 7;
      [traces, signals] = [0.5 * traces + 0.5 * trace, 0.5 * signals + 0.5 * (norm(mean) ** 2 - trace / 64)];
      const expected = traces / Math.max(signals, 1e-8 * traces);
      expect(measured[t]!.get('noiseScale')).to.be.closeTo(expected, 1e-9 * expected);
      expect(measured[t]!.get('gradientVariance')).to.be.closeTo(trace, 1e-9 * trace);
      expect(measured[t]!.get('gradientSquared')).to.be.closeTo(norm(mean) ** 2 - trace / 64, 1e-9);
    }
    expect([...measured[0]!.keys()]).to.have.members([
      'noiseScale',
      'noiseScale/a',
      'noiseScale/b',
      'gradientVariance',
      'gradientSquared',
    ]);
  });

  it('within separates drift from sampling noise: unlike means of batches whose parts agree are all drift', async () => {
    const [a, b] = [gradient('a'), gradient('b')];
    const spread = new Float64Array(LENGTH);
    spread[0] = 0.2;
    const round = [a, b].flatMap((g, from): Message[] => [
      { kind: 'gradient', from, gradient: g, examples: 10 },
      { kind: 'moments', from, spread, parts: 2 },
    ]);
    const [measured] = await columns({ within: 'moments' }, [round]);
    // tr Sigma within: 10 examples x 0.2 / (2 - 1); between: all squares over 4 parts.
    const between = (5 * norm(subtract(a, b)) ** 2 + 2 * 10 * 0.2) / 3;
    const mean = a.map((x, j) => (x + b[j]!) / 2) as Vector;
    expect(measured!.get('noiseScale')).to.be.closeTo(2 / (norm(mean) ** 2 - 2 / 20), 1e-12);
    expect(measured!.get('driftShare')).to.be.closeTo(1 - 2 / between, 1e-12);
  });

  it('a round of one gradient, or of none, adds no column and leaves the averages', async () => {
    const rounds = [gradients(0, 8), gradients(1, 1), [], gradients(2, 8)];
    const [, one, none, last] = await columns({ decay: 0.5 }, rounds);
    expect([one!.size, none!.size]).to.deep.equal([0, 0]);
    const [, direct] = await columns({ decay: 0.5 }, [rounds[0]!, rounds[3]!]);
    expect(last).to.deep.equal(direct);
  });
});

/** Kind and vectors that stand for gradients, in methods that know nothing of probes. */
const MEASURED = [
  ['sgd', 'gradient'],
  ['scaffold', 'update'],
  ['fedavg', 'update'],
  ['ef21', 'correction'],
] as const;

describe('protocol/probe: a scenario measures the inbox of any method', () => {
  for (const [name, kind] of MEASURED)
    it(`${name}: columns join the row; no bit of the run and no byte of the traffic changes, in one process or three`, async () => {
      const plain = await tinyRun(tinyScenario(name));
      const scenario = tinyScenario(name, { measure: [{ name: 'gradient-noise-scale', kind }] });
      for (const hosts of [undefined, [[0, 3], [1], [2]]]) {
        const run = await tinyRun(scenario, hosts ? { hosts } : {});
        expect(run.states).to.deep.equal(plain.states);
        expect(run.result.bytes).to.deep.equal(plain.result.bytes);
        for (const { extra } of run.rows) expect(extra.noiseScale).to.be.above(0);
        expect(plain.rows[0]!.extra).to.not.have.property('noiseScale');
      }
    });

  it('a resumed run continues with the averages of its checkpoint', async () => {
    const scenario = tinyScenario('scaffold', {
      rounds: 6,
      checkpoints: { everyRounds: 2 },
      measure: [{ name: 'gradient-noise-scale', kind: 'update', decay: 0.9 }],
    });
    const whole = await tinyRun(scenario);
    const resumed = await tinyRun(scenario, { from: whole.checkpoints[0]! });
    const scales = (run: typeof whole) => run.rows.map(({ round, extra }) => [round, extra.noiseScale]);
    expect(scales(resumed)).to.deep.equal(scales(whole).slice(2));
    expect(resumed.states).to.deep.equal(whole.states);
  });
});

describe('protocol/scenario: probes are checked with the method that they measure', () => {
  const refusal = async (measure: readonly Json[], method = 'scaffold'): Promise<string> => {
    const input = { name: 'measured', method, data: 'none', objective: 'quadratic', measure };
    const catalogue = await loadCatalogue();
    return resolveScenario(input as never, catalogue).then(
      () => '',
      ({ message }: Error) => message,
    );
  };
  const probe = (settings: Record<string, Json>): Json => ({ name: 'gradient-noise-scale', ...settings });

  it('accepts a kind with a vector that clients send up, and completes the settings', async () => {
    expect(await refusal([probe({ kind: 'update' })])).to.equal('');
    expect((await loadMethod('scaffold')).messages.update.vectors).to.include('controlDelta');
    expect(await refusal([probe({ kind: 'update', field: 'controlDelta' })])).to.equal('');
  });

  for (const [what, measure, expected] of [
    ['no kind', [probe({})], /measure\.0\.kind/],
    ['a kind that goes down', [probe({ kind: 'model' })], /measure\.0.*kind.*\(update\).*"model"/],
    ['a field that is not there', [probe({ kind: 'update', field: 'gradient' })], /measure\.0.*delta, controlDelta/],
    ['a weight that is not there', [probe({ kind: 'update', weight: 'examples' })], /measure\.0.*weight.*none/],
    ['a kind without spreads', [probe({ kind: 'update', within: 'update' })], /measure\.0.*spread and parts/],
    ['a misspelt setting', [probe({ kind: 'update', decai: 1 })], /measure\.0\.decai/],
    ['a decay of 1', [probe({ kind: 'update', decay: 1 })], /measure\.0.*\[0, 1\)/],
    ['an unknown probe', [{ name: 'gradient-noise', kind: 'update' }], /measure\.0\.name.*gradient-noise-scale/],
    ['a probe twice', [probe({ kind: 'update' }), probe({ kind: 'update' })], /measure\.1\.name.*not listed yet/],
  ] as const)
    it(`refuses ${what}, with its path`, async () => {
      expect(await refusal(measure)).to.match(expected);
    });
});
