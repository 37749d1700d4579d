import type { Precision, ReadonlyVector, Segment, Vector } from '../../protocol/method.js';
import { rootStream } from '../../protocol/numerics/random.js';
import { allFinite, precisionOf, zeros } from '../../protocol/numerics/vector.js';
import { loadOptimizer } from '../../protocol/optimizers/load-optimizer.js';
import type { AnyOptimizerFamily, Evidence, Optimizer } from '../../protocol/optimizers/optimizer.js';
import { type Claim, claim, ensure, ensureBelow, ensureEqual, ensureRefused } from './claim.js';

/** What an optimizer needs for the claim on the loss where a rate of 0.1 and its defaults are not meant for such a problem. */
export interface OptimizerNeeds {
  /** Peak of a cosine schedule over 400 steps; left out: 0.1. */
  readonly peak?: number;
  readonly settings?: object;
}

const SEGMENTS: readonly Segment[] = [
  { name: 'hidden/kernel', module: 'hidden', offset: 0, shape: [4, 3] },
  { name: 'hidden/bias', module: 'hidden', offset: 12, shape: [3] },
  { name: 'output/kernel', module: 'output', offset: 15, shape: [3, 2] },
];
const LENGTH = 21;
const CLUSTERS = 3;

/** 1/2 sum_i a_i (w_i - c_i)^2, a_i from 0.5 to 2; the minimum lies about one unit from the start in every entry. */
const centre = rootStream(8, 'float64').derive('centre').normal(LENGTH);
const start = rootStream(8, 'float64').derive('start').normal(LENGTH);
const curvature = (i: number) => 0.5 + (1.5 * i) / (LENGTH - 1);

/** The contract of an optimizer, which is loaded: pure updates, plain states, equal bits through a copied state, and descent. */
export function optimizerClaims(family: AnyOptimizerFamily, needs: OptimizerNeeds = {}): readonly Claim[] {
  const { name } = family;
  const optimizer = (settings: object = {}) => loadOptimizer({ name, ...settings }, SEGMENTS);
  const decays = Object.keys(family.settings.defaults).filter((setting) => /weightDecay$/i.test(setting));
  const noDecay = Object.fromEntries(decays.map((setting) => [setting, 0]));
  return [
    claim('says where it is from, and its defaults survive JSON', () => {
      ensure(/\d{4}/.test(family.source), `expected a source with its year, got '${family.source}'`);
      const { defaults } = family.settings;
      ensureEqual(JSON.parse(JSON.stringify(defaults)), defaults, 'the defaults after a way through JSON');
    }),
    ...(['float32', 'float64'] as const).flatMap((precision) => [
      claim(`${precision}: update changes none of its arguments and shares no array with them`, () => {
        const rule = optimizer();
        const run = go(rule, begin(rule, precision), 2, precision);
        const gradient = gradientAt(run.params, precision);
        const evidence = evidenceFor(run, 2, precision);
        const before = structuredClone({ run, gradient, evidence });
        const [params] = rule.update(gradient, run.state, run.params, evidence);
        ensureEqual({ run, gradient, evidence }, before, 'the arguments afterwards');
        ensure(params.buffer !== run.params.buffer, 'expected new parameters, got the array that was given');
        ensure(params.buffer !== gradient.buffer, 'expected new parameters, got the array of the gradient');
        ensureEqual(precisionOf(params), precision, 'precision of the new parameters');
        ensureEqual(params.length, LENGTH, 'length of the new parameters');
      }),
      claim(
        `${precision}: state is plain data in the run's precision, and a run through a copied state has equal bits`,
        () => {
          const rule = optimizer();
          const whole = go(rule, begin(rule, precision), 10, precision);
          const half = go(rule, begin(rule, precision), 5, precision);
          expectPlain(rule.init(LENGTH, precision), 'state', precision);
          ensureEqual(stepsIn(half.state), 5, 'step in the state after 5 updates');
          expectPlain(half.state, 'state', precision);
          ensureEqual(go(optimizer(), structuredClone(half), 5, precision, 5), whole, 'the run through a copied state');
        },
      ),
      claim(`${precision}: everything stays finite under gradients from 1e-18 to 1e18 and zeros`, () => {
        const rule = optimizer();
        let { params, state } = begin(rule, precision);
        for (let step = 0; step < 12; step++) {
          const gradient = zeros(LENGTH, precision);
          for (let i = 0; i < LENGTH; i++)
            gradient[i] = step % 4 === 3 ? 0 : (i % 2 ? -1 : 1) * 10 ** (9 * (i % 5) - 18);
          const evidence = { gradientAtPrevious: gradient, independentGradient: zeros(LENGTH, precision), cluster: 1 };
          [params, state] = rule.update(gradient, state, params, evidence);
        }
        expectFinite(state);
        ensure(allFinite(params), 'expected finite parameters');
      }),
      claim(`${precision}: a zero gradient from the start, without decay, moves nothing`, () => {
        const rule = optimizer(noDecay);
        const { params, state } = begin(rule, precision);
        const zero = zeros(LENGTH, precision);
        const evidence = { gradientAtPrevious: zero, independentGradient: zero, cluster: 0 };
        ensureEqual(rule.update(zero, state, params, evidence)[0], params, 'parameters');
      }),
      claim(`${precision}: 400 steps leave less than a hundredth of a small quadratic's loss`, () => {
        const { peak = 0.1, settings = {} } = needs;
        const learningRate = { name: 'cosine', rate: peak, steps: 400 };
        const rule = optimizer({ ...settings, learningRate, ...noDecay });
        const { params } = go(rule, begin(rule, precision), 400, precision);
        ensureBelow(lossAt(params) / lossAt(start), 0.01, 'share of the loss that is left');
      }),
    ]),
    claim('works without segments and without a precision', () => {
      const rule = loadOptimizer({ name }, []);
      const params = Float64Array.from(start);
      const [next] = rule.update(gradientAt(params, 'float64'), rule.init(LENGTH), params, {
        gradientAtPrevious: gradientAt(params, 'float64'),
        independentGradient: gradientAt(params, 'float64'),
        cluster: 0,
      });
      ensure(allFinite(next), 'expected finite parameters');
      ensure(
        next.some((x: number, i: number) => x !== params[i]),
        'expected other parameters, got those that were given',
      );
    }),
    claim('refuses an unknown setting, a negative rate and a rate that is not a number with ERR_SCENARIO', () => {
      ensureRefused(() => optimizer({ learningRat: 1 }), /nearest is 'learningRate'/, 'learningRat');
      ensureRefused(() => optimizer({ learningRate: -1 }), /ERR_SCENARIO.*learningRate.*got -1/, 'a rate of -1');
      ensureRefused(
        () => optimizer({ learningRate: Number.NaN }),
        /ERR_SCENARIO.*learningRate.*got NaN/,
        'a rate of NaN',
      );
      const misspelt = { name: 'cosin', rate: 1, steps: 2 };
      ensureRefused(() => optimizer({ learningRate: misspelt }), /'cosine'/, "the schedule 'cosin'");
    }),
    claim('throws when evidence that it says it needs is not there, and says what it needs', () => {
      const rule = optimizer();
      const { params, state } = begin(rule, 'float64');
      for (const key of rule.needs ?? [])
        ensureRefused(() => rule.update(params, state, params, {}), new RegExp(`ERR_\\w+.*${key}`), `without ${key}`);
      if (!rule.needs) rule.update(params, state, params);
    }),
  ];
}

function gradientAt(params: ReadonlyVector, precision: Precision): Vector {
  const gradient = zeros(LENGTH, precision);
  for (let i = 0; i < LENGTH; i++) gradient[i] = curvature(i) * (params[i]! - centre[i]!);
  return gradient;
}

function lossAt(params: ReadonlyVector): number {
  let loss = 0;
  for (let i = 0; i < LENGTH; i++) loss += 0.5 * curvature(i) * (params[i]! - centre[i]!) ** 2;
  return loss;
}

interface Run {
  params: Vector;
  previous: Vector;
  state: unknown;
}

function begin(optimizer: Optimizer<unknown>, precision: Precision): Run {
  const params = zeros(LENGTH, precision);
  params.set(start);
  return { params, previous: params, state: optimizer.init(LENGTH, precision) };
}

function evidenceFor(run: Run, step: number, precision: Precision): Evidence {
  return {
    gradientAtPrevious: gradientAt(run.previous, precision),
    independentGradient: gradientAt(run.params, precision).fill(0.5, 0, 1),
    cluster: step % CLUSTERS,
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
  if ((value instanceof Float32Array || value instanceof Float64Array) && value.length === LENGTH)
    ensureEqual(precisionOf(value), precision, `precision of ${path}`);
  if (value === null || ['number', 'string', 'boolean'].includes(typeof value) || ArrayBuffer.isView(value)) return;
  if (Array.isArray(value)) {
    for (const [i, inner] of value.entries()) expectPlain(inner, `${path}[${i}]`, precision);
    return;
  }
  const isRecord = typeof value === 'object' && Object.getPrototypeOf(value) === Object.prototype;
  ensure(
    isRecord,
    `${path}: expected a plain record, got ${typeof value === 'object' ? `an instance of ${value.constructor.name}` : typeof value}`,
  );
  for (const [key, inner] of Object.entries(value as object)) expectPlain(inner, `${path}.${key}`, precision);
}

function expectFinite(value: unknown): void {
  if (value instanceof Float32Array || value instanceof Float64Array)
    ensure(allFinite(value), 'expected finite numbers in the state');
  else if (typeof value === 'number')
    ensure(Number.isFinite(value), `expected finite numbers in the state, got ${value}`);
  else if (typeof value === 'object' && value !== null && !ArrayBuffer.isView(value))
    for (const inner of Object.values(value)) expectFinite(inner);
}

/** What schedules are asked for: the number of updates so far. */
function stepsIn(state: unknown): unknown {
  const { step, base } = state as { readonly step?: number; readonly base?: object };
  return step ?? (base && stepsIn(base));
}
