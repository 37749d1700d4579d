import '../support/loaded-rules.js';
import { expect } from 'chai';
import type { Precision, ReadonlyVector, Segment, Vector } from '../../protocol/method.js';
import { rootStream } from '../../protocol/numerics/random.js';
import { allFinite, precisionOf, zeros } from '../../protocol/numerics/vector.js';
import { loadOptimizer, optimizers } from '../../protocol/optimizers/load-optimizer.js';
import type { AnyOptimizerFamily, Evidence, Optimizer } from '../../protocol/optimizers/optimizer.js';
import { defaultExports } from '../support/default-exports.js';

const folder = new URL('../../protocol/optimizers/', import.meta.url);
const families = [...((await defaultExports(folder)) as ReadonlyMap<string, AnyOptimizerFamily>)];

const segments: readonly Segment[] = [
  { name: 'hidden/kernel', module: 'hidden', offset: 0, shape: [4, 3] },
  { name: 'hidden/bias', module: 'hidden', offset: 12, shape: [3] },
  { name: 'output/kernel', module: 'output', offset: 15, shape: [3, 2] },
];
const length = 21;
const clusterCount = 3;

/** 1/2 sum_i a_i (w_i - c_i)^2, a_i from 0.5 to 2; the minimum lies about one unit from the start in every entry. */
const centre = rootStream(8, 'float64').derive('centre').normal(length);
const start = rootStream(8, 'float64').derive('start').normal(length);
const curvature = (i: number) => 0.5 + (1.5 * i) / (length - 1);

function gradientAt(params: ReadonlyVector, precision: Precision): Vector {
  const gradient = zeros(length, precision);
  for (let i = 0; i < length; i++) gradient[i] = curvature(i) * (params[i]! - centre[i]!);
  return gradient;
}

function lossAt(params: ReadonlyVector): number {
  let loss = 0;
  for (let i = 0; i < length; i++) loss += 0.5 * curvature(i) * (params[i]! - centre[i]!) ** 2;
  return loss;
}

/** Peak of a cosine schedule over 400 steps, and settings, where 0.1 and the defaults are not meant for this problem. */
const tuning: Readonly<Record<string, { readonly peak?: number; readonly settings?: object }>> = {
  adagrad: { peak: 1 },
  'adagrad-norm': { peak: 2 },
  'fed-adagrad': { peak: 1 },
  muon: { settings: { vectorRateFactor: 0.3 } },
  lars: { settings: { trustCoefficient: 0.1 } },
};

interface Run {
  params: Vector;
  previous: Vector;
  state: unknown;
}

function begin(optimizer: Optimizer<unknown>, precision: Precision): Run {
  const params = zeros(length, precision);
  params.set(start);
  return { params, previous: params, state: optimizer.init(length, precision) };
}

function evidenceFor(run: Run, step: number, precision: Precision): Evidence {
  return {
    gradientAtPrevious: gradientAt(run.previous, precision),
    independentGradient: gradientAt(run.params, precision).fill(0.5, 0, 1),
    cluster: step % clusterCount,
  };
}

function go(optimizer: Optimizer<unknown>, run: Run, steps: number, precision: Precision, from = 0): Run {
  let { params, previous, state } = run;
  for (let step = from; step < from + steps; step++) {
    const evidence = evidenceFor({ params, previous, state }, step, precision);
    const [next, nextState] = optimizer.update(gradientAt(params, precision), state, params, evidence);
    previous = params;
    params = next;
    state = nextState;
  }
  return { params, previous, state };
}

function expectPlain(value: unknown, path: string, precision: Precision): void {
  if ((value instanceof Float32Array || value instanceof Float64Array) && value.length === length)
    expect(precisionOf(value), path).to.equal(precision);
  if (value === null || ['number', 'string', 'boolean'].includes(typeof value) || ArrayBuffer.isView(value)) return;
  if (Array.isArray(value)) {
    for (const [i, inner] of value.entries()) expectPlain(inner, `${path}[${i}]`, precision);
    return;
  }
  expect(typeof value, path).to.equal('object');
  expect(Object.getPrototypeOf(value), `${path} is not a plain record`).to.equal(Object.prototype);
  for (const [key, inner] of Object.entries(value as object)) expectPlain(inner, `${path}.${key}`, precision);
}

function expectFinite(value: unknown): void {
  if (value instanceof Float32Array || value instanceof Float64Array) expect(allFinite(value)).to.equal(true);
  else if (typeof value === 'number') expect(value).to.satisfy(Number.isFinite);
  else if (typeof value === 'object' && value !== null && !ArrayBuffer.isView(value))
    for (const inner of Object.values(value)) expectFinite(inner);
}

/** What schedules are asked for: the number of updates so far. */
function stepsIn(state: unknown): unknown {
  const { step, base } = state as { readonly step?: number; readonly base?: object };
  return step ?? stepsIn(base);
}

describe('every optimizer', () => {
  it('is found under the name of its file, and nothing else of the folder is', () => {
    expect(families.map(([file]) => file)).to.deep.equal(optimizers.names());
    for (const [file, family] of families) expect(optimizers.find(file)).to.equal(family);
  });

  for (const [name, family] of families)
    describe(name, () => {
      const optimizer = (settings: object = {}) => loadOptimizer({ name, ...settings }, segments);

      const decays = Object.keys(family.settings.defaults).filter((setting) => /weightDecay$/i.test(setting));
      const noDecay = Object.fromEntries(decays.map((setting) => [setting, 0]));

      it('says where it is from, and its defaults survive JSON', () => {
        expect(family.source).to.match(/\d{4}/);
        expect(JSON.parse(JSON.stringify(family.settings.defaults))).to.deep.equal(family.settings.defaults);
      });

      for (const precision of ['float32', 'float64'] as const) {
        it(`${precision}: update changes none of its arguments and shares no array with them`, () => {
          const rule = optimizer();
          const run = go(rule, begin(rule, precision), 2, precision);
          const gradient = gradientAt(run.params, precision);
          const evidence = evidenceFor(run, 2, precision);
          const before = structuredClone({ run, gradient, evidence });
          const [params] = rule.update(gradient, run.state, run.params, evidence);
          expect({ run, gradient, evidence }).to.deep.equal(before);
          expect(params.buffer).to.not.equal(run.params.buffer);
          expect(params.buffer).to.not.equal(gradient.buffer);
          expect(params.BYTES_PER_ELEMENT).to.equal(precision === 'float32' ? 4 : 8);
          expect(params).to.have.length(length);
        });

        it(`${precision}: state is plain data in the run's precision, and a run through a copied state has equal bits`, () => {
          const rule = optimizer();
          const whole = go(rule, begin(rule, precision), 10, precision);
          const half = go(rule, begin(rule, precision), 5, precision);
          expectPlain(rule.init(length, precision), 'state', precision);
          expect(stepsIn(half.state)).to.equal(5);
          expectPlain(half.state, 'state', precision);
          const resumed = go(optimizer(), structuredClone(half), 5, precision, 5);
          expect(resumed).to.deep.equal(whole);
        });

        it(`${precision}: everything stays finite under gradients from 1e-18 to 1e18 and zeros`, () => {
          const rule = optimizer();
          let { params, state } = begin(rule, precision);
          for (let step = 0; step < 12; step++) {
            const gradient = zeros(length, precision);
            for (let i = 0; i < length; i++)
              gradient[i] = step % 4 === 3 ? 0 : (i % 2 ? -1 : 1) * 10 ** (9 * (i % 5) - 18);
            const evidence = {
              gradientAtPrevious: gradient,
              independentGradient: zeros(length, precision),
              cluster: 1,
            };
            [params, state] = rule.update(gradient, state, params, evidence);
          }
          expectFinite(state);
          expect(allFinite(params)).to.equal(true);
        });

        it(`${precision}: a zero gradient from the start, without decay, moves nothing`, () => {
          const rule = optimizer(noDecay);
          const { params, state } = begin(rule, precision);
          const zero = zeros(length, precision);
          const evidence = { gradientAtPrevious: zero, independentGradient: zero, cluster: 0 };
          expect(rule.update(zero, state, params, evidence)[0]).to.deep.equal(params);
        });

        it(`${precision}: 400 steps leave less than a hundredth of a small quadratic's loss`, () => {
          const { peak = 0.1, settings = {} } = tuning[name] ?? {};
          const rule = optimizer({
            ...settings,
            learningRate: { name: 'cosine', rate: peak, steps: 400 },
            ...noDecay,
          });
          const { params } = go(rule, begin(rule, precision), 400, precision);
          expect(lossAt(params) / lossAt(start)).to.be.below(0.01);
        });
      }

      it('works without segments, and without being told the precision', () => {
        const rule = loadOptimizer({ name }, []);
        const params = Float64Array.from(start);
        const [next] = rule.update(gradientAt(params, 'float64'), rule.init(length), params, {
          gradientAtPrevious: gradientAt(params, 'float64'),
          independentGradient: gradientAt(params, 'float64'),
          cluster: 0,
        });
        expect(allFinite(next)).to.equal(true);
        expect(next).to.not.deep.equal(params);
      });

      it('refuses an unknown setting, a negative rate and a rate that is not a number with ERR_SCENARIO', () => {
        expect(() => optimizer({ learningRat: 1 })).to.throw(
          "ERR_SCENARIO: optimizer.learningRat: expected the name of a setting, got 'learningRat'; nearest is 'learningRate'",
        );
        expect(() => optimizer({ learningRate: -1 })).to.throw(/ERR_SCENARIO.*learningRate.*got -1/);
        expect(() => optimizer({ learningRate: Number.NaN })).to.throw(/ERR_SCENARIO.*learningRate.*got NaN/);
        expect(() => optimizer({ learningRate: { name: 'cosin', rate: 1, steps: 2 } })).to.throw(/'cosine'/);
      });

      it('throws when evidence that it says it needs is not there, and says what it needs', () => {
        const rule = optimizer();
        const { params, state } = begin(rule, 'float64');
        for (const key of rule.needs ?? [])
          expect(() => rule.update(params, state, params, {})).to.throw(new RegExp(`ERR_\\w+.*${key}`));
        if (!rule.needs) expect(() => rule.update(params, state, params)).to.not.throw();
      });
    });
});
