import type { Objective, Precision } from '../../protocol/method.js';
import { rootStream } from '../../protocol/numerics/random.js';
import { type Dataset, NO_LABELS, NO_TARGETS } from '../../worker/datasets/dataset.js';
import { useRowSimd } from '../../worker/objectives/log-posterior/simd/row-loops.js';
import { createObjectiveFamily } from '../../worker/objectives/objectives.js';
import { useDenseSimd } from '../../worker/objectives/plain/simd/dense-loops.js';
import type { BenchmarkOptions, BenchmarkRow } from '../run/run.js';
import { type Benchmark, repeated, rowOf } from './benchmark.js';

interface Subject {
  readonly label: string;
  readonly objective: { readonly name: string; readonly [setting: string]: unknown };
  readonly features: number;
  /** 0: regression. */
  readonly classes: number;
  /** Share of the features that are 0. */
  readonly zeros?: number;
  /** Features are codes below it. */
  readonly vocabulary?: number;
}

const SUBJECTS: readonly Subject[] = [
  { label: 'softmax regression 784x10', objective: { name: 'softmax-regression' }, features: 784, classes: 10 },
  {
    label: 'softmax regression 784x10, 81 % zeros',
    objective: { name: 'softmax-regression' },
    features: 784,
    classes: 10,
    zeros: 0.81,
  },
  { label: 'logistic regression 1000', objective: { name: 'logistic-regression' }, features: 1000, classes: 2 },
  { label: 'linear regression 1000', objective: { name: 'linear-regression' }, features: 1000, classes: 0 },
  {
    label: 'small network 784-256-10',
    objective: { name: 'small-network', hidden: [256], activation: 'relu' },
    features: 784,
    classes: 10,
  },
  {
    label: 'character model 20 x 80-64-80',
    objective: { name: 'character-model', hidden: [64] },
    features: 20,
    classes: 80,
    vocabulary: 80,
  },
  {
    label: 'posterior of logistic regression 784',
    objective: { name: 'bayesian-logistic-regression' },
    features: 784,
    classes: 2,
  },
  {
    label: 'posterior of linear regression 784',
    objective: { name: 'bayesian-linear-regression' },
    features: 784,
    classes: 0,
  },
];
const EXAMPLES = 256;
const BATCH = 32;
const LEAST_US = 20_000;
const BUDGET_MS = 4_000;

function drawn({ features, classes, zeros = 0, vocabulary }: Subject): Dataset {
  const rng = rootStream(1, 'float32').derive('bench-kernels');
  const values = Float32Array.from({ length: EXAMPLES * features }, () => {
    const draw = rng.uniform();
    return vocabulary ? Math.floor(vocabulary * draw) : draw < zeros ? 0 : draw;
  });
  const labels = classes > 0 ? Int32Array.from({ length: EXAMPLES }, (_, i) => i % classes) : NO_LABELS;
  const targets = classes > 0 ? NO_TARGETS : Float64Array.from({ length: EXAMPLES }, () => rng.uniform());
  const train = { count: EXAMPLES, features: values, labels, targets };
  return { name: 'drawn', source: '', featureShape: [features], classCount: classes, train, test: train };
}

function useSimd(use: boolean): void {
  useDenseSimd(use);
  useRowSimd(use);
}

/** A gradient's microseconds of processor time (other programs do not count) with SIMD loops or plain ones, and its last result. */
async function timed(
  subject: Subject,
  precision: Precision,
  simd: boolean,
): Promise<() => { us: number; words: Buffer }> {
  useSimd(simd);
  const rng = rootStream(1, precision);
  const dataset = drawn(subject);
  const family = await createObjectiveFamily({
    objective: subject.objective,
    dataset,
    precision,
    clientCount: 1,
    rng,
  }).finally(() => useSimd(true));
  const shard = family.shard(Uint32Array.from({ length: EXAMPLES }, (_, i) => i)) as Objective;
  const params = family.initialParams(rng.derive('params'));
  for (let j = 0; j < params.length; j++) params[j] = params[j]! + 0.02 * Math.sin(j);
  const batches = Array.from({ length: EXAMPLES / BATCH }, (_, b) =>
    Uint32Array.from({ length: BATCH }, (_, i) => BATCH * b + i),
  );
  const into = params.slice();
  return () => {
    const begin = process.cpuUsage();
    let count = 0;
    let spent = 0;
    do {
      shard.gradient(params, batches[count++ % batches.length]!, into);
      const { user, system } = process.cpuUsage(begin);
      spent = user + system;
    } while (spent < LEAST_US);
    const us = spent / count;
    shard.gradient(params, batches[0]!, into);
    return { us, words: Buffer.from(into.slice().buffer) };
  };
}

async function measure(options: BenchmarkOptions): Promise<readonly BenchmarkRow[]> {
  const rows: BenchmarkRow[] = [];
  for (const subject of SUBJECTS)
    for (const precision of ['float32', 'float64'] as const) {
      if (options.signal.aborted) return rows;
      const plain = await timed(subject, precision, false);
      const simd = await timed(subject, precision, true);
      const timings = await repeated(options, BUDGET_MS, () => {
        const [slow, fast] = [plain(), simd()];
        if (!slow.words.equals(fast.words)) throw new Error(`kernels: ${subject.label} differs from its plain loops`);
        return { us: fast.us, ratio: slow.us / fast.us };
      });
      const label = `kernels, ${subject.label}, ${precision}, gradient of ${BATCH}`;
      rows.push(
        rowOf(
          label,
          'us',
          timings.map(({ us }) => us),
        ),
        rowOf(
          label,
          'x plain loops',
          timings.map(({ ratio }) => ratio),
          { aim: { atLeast: 2.5 } },
        ),
      );
    }
  return rows;
}

/** SIMD loops of the objectives beside their plain twins: gradients with the same bits. */
export const kernels: Benchmark = { name: 'kernels', run: measure };
