import { loadCodec } from '../../protocol/codecs/registry.js';
import { GradswarmError } from '../../protocol/errors.js';
import type { Objective, ReadonlyVector, Rng, Segment, Vector } from '../../protocol/method.js';
import { add, addScaled, clip, dot, norm, precisionOf, scale, subtract } from '../../protocol/numerics/vector.js';
import { atLeastZero, count, list, positive } from '../../protocol/settings/kinds.js';
import { required } from '../../protocol/settings/setting.js';
import { defineSettings } from '../../protocol/settings/settings.js';
import type { Problem } from '../../worker/problem.js';
import { defineStudy } from '../run/study.js';
import { type PictureRow, pictures } from './parts/reconstruction-pictures.js';

/** The first dense layer: x = dW[:, k] / db[k] for every unit k, if one example made the update. */
interface FirstLayer {
  readonly inputs: number;
  readonly outputs: number;
  readonly weightOffset: number;
  readonly biasOffset: number;
}

function firstLayerOf(segments: readonly Segment[]): FirstLayer {
  const [weights, bias] = segments;
  if (weights?.shape.length !== 2 || bias?.shape.length !== 1)
    throw new GradswarmError(
      'ERR_SCENARIO',
      'study gradient-inversion: expected a model that begins with a dense layer with bias',
    );
  const [inputs, outputs] = weights.shape as [number, number];
  return { inputs, outputs, weightOffset: weights.offset, biasOffset: bias.offset };
}

/** The least-squares answer over all units: sum_k db[k] dW[:, k] / sum_k db[k]^2. Without noise every unit gives the same. */
function reconstruct(update: ReadonlyVector, { inputs, outputs, weightOffset, biasOffset }: FirstLayer): Float64Array {
  const example = new Float64Array(inputs);
  let square = 0;
  for (let k = 0; k < outputs; k++) square += update[biasOffset + k]! ** 2;
  for (let j = 0; j < inputs; j++) {
    let sum = 0;
    for (let k = 0; k < outputs; k++) sum += update[biasOffset + k]! * update[weightOffset + j * outputs + k]!;
    example[j] = square === 0 ? 0 : sum / square;
  }
  return example;
}

/** Mean squared error against the true example, after forcing the guess into the range of pixels. */
function errorOf(guess: Float64Array, truth: ArrayLike<number>): number {
  let sum = 0;
  for (let j = 0; j < guess.length; j++) sum += (Math.min(1, Math.max(0, guess[j]!)) - truth[j]!) ** 2;
  return sum / guess.length;
}

/** What becomes of a client's update before the attacker has it. */
interface Defence {
  readonly name: string;
  /** The caption of the pictures. */
  readonly label: string;
  readonly update: (example: number) => Promise<ReadonlyVector>;
}

async function localUpdate(
  objective: Objective,
  start: ReadonlyVector,
  batch: Uint32Array,
  steps: number,
  rate: number,
) {
  let x: Vector = scale(1, start);
  for (let step = 0; step < steps; step++) x = addScaled(x, -rate, await objective.gradient(x, batch));
  return subtract(start, x);
}

async function defences(
  objective: Objective,
  params: Vector,
  rng: Rng,
  noiseLevels: readonly number[],
): Promise<Defence[]> {
  const gradient = (example: number) => objective.gradient(params, Uint32Array.of(example));
  const noised = async (example: number, level: number) => {
    const clean = await gradient(example);
    const noise = rng.derive('noise', example).normal(clean.length);
    return add(clean, scale((level * norm(clean)) / Math.sqrt(clean.length), noise));
  };
  const sparse = await loadCodec({ name: 'top-k', fraction: 0.1 });
  return [
    ...noiseLevels.map((level) => ({
      name: `noise ${level}`,
      label: level === 0 ? 'no defence' : `noise ${level} × norm`,
      update: (example: number) => noised(example, level),
    })),
    {
      name: 'clipping',
      label: 'clipped to norm 0.1',
      update: async (example) => clip(await gradient(example), 0.1),
    },
    {
      name: 'top-k 10 %',
      label: 'top-k, largest 10 %',
      update: async (example) => {
        const clean = await gradient(example);
        return sparse.decode(sparse.encode(clean, rng), clean.length, precisionOf(clean));
      },
    },
    {
      name: '20 local steps',
      label: '20 local steps',
      update: (example) => localUpdate(objective, params, Uint32Array.of(example), 20, 0.3),
    },
    {
      name: 'batch of 4',
      label: 'batch of 4',
      update: (example) => {
        const { exampleCount } = objective;
        const others = [0, 1, 2, 3].map((i) => (example + i) % exampleCount);
        return Promise.resolve(objective.gradient(params, Uint32Array.from(others)));
      },
    },
  ];
}

/** 1 - cos of the update of many local steps and the gradient at points of the way from start to end. */
async function surrogateMisfit(
  objective: Objective,
  start: Vector,
  steps: number,
  rate: number,
  grid: readonly number[],
) {
  const batch = Uint32Array.from({ length: objective.exampleCount }, (_, i) => i);
  const update = await localUpdate(objective, start, batch, steps, rate);
  const misfits: number[] = [];
  for (const a of grid) {
    const gradient = await objective.gradient(addScaled(start, -a, update), batch);
    misfits.push(1 - dot(update, gradient) / (norm(update) * norm(gradient)));
  }
  return misfits;
}

/** One example of each of `count` different classes: the shard of a victim. */
function oneOfEachClass({ dataset, family }: Problem, count: number, from: number): Objective {
  const chosen = new Map<number, number>();
  for (let row = from; row < dataset.train.count && chosen.size < count; row++) {
    const label = dataset.train.labels[row]!;
    if (!chosen.has(label)) chosen.set(label, row);
  }
  return family.shard(Uint32Array.from(chosen.values()).sort());
}

/**
 * What an update reveals. One example: a first dense layer with bias reveals it exactly, and clipping does not help,
 * noise does. Many local steps on several examples: a gradient at a point between the two models explains the update better
 * than one at the start, which is what Zhu, Yao, Blaschko, "Surrogate Model Extension", ICML 2023, builds on.
 */
export default defineStudy({
  name: 'gradient-inversion',
  summary: 'examples reconstructed from one update, under noise, clipping, compression and local steps',
  settings: defineSettings({
    noiseLevels: list(
      atLeastZero(required, 'A level'),
      [0, 0.01, 0.1, 1],
      'Noise standard deviations, of the whole vector, over the norm of the gradient',
    ),
    images: count(4, 'Examples that are reconstructed and shown'),
    victims: count(3, 'Victims of the surrogate test, each with examples of different classes'),
    victimExamples: count(4, 'Examples of each'),
    localSteps: count(20, 'Steps of each'),
    localRate: positive(0.3, 'Size of a step'),
  }),
  figures: ['error, *', 'surrogateGain'],
  open({ noiseLevels, images, victims, victimExamples, localSteps, localRate }, { problem, rng }) {
    const { dataset, model } = problem;
    const layer = firstLayerOf(model.segments);
    return {
      async finish() {
        const victim = oneOfEachClass(problem, images, 0);
        const { rows, classes } = examplesOf(problem, images);
        const summary: Record<string, number> = {};
        const shown: PictureRow[] = [{ label: 'original', images: rows }];
        const show = (name: string, label: string, guesses: readonly Float64Array[]) => {
          const errors = guesses.map((guess, i) => errorOf(guess, rows[i]!));
          shown.push({ label, images: guesses, errors });
          summary[`error, ${name}`] = errors.reduce((sum, error) => sum + error, 0) / errors.length;
        };
        for (const { name, label, update } of await defences(victim, model.initialParams, rng, noiseLevels)) {
          const guesses: Float64Array[] = [];
          for (let i = 0; i < rows.length; i++) guesses.push(reconstruct(await update(i), layer));
          show(name, label, guesses);
        }
        const chance = rng.derive('chance');
        const random = rows.map((row) => Float64Array.from(row, () => chance.uniform()));
        show('random guess', 'random guess', random);
        const grid = [0, 0.25, 0.5, 0.75, 1];
        const gains: number[] = [];
        for (let v = 0; v < victims; v++) {
          const objective = oneOfEachClass(problem, victimExamples, 50 * (v + 1));
          const misfits = await surrogateMisfit(objective, model.initialParams, localSteps, localRate, grid);
          gains.push(misfits[0]! / Math.min(...misfits.slice(1, -1)));
        }
        summary.surrogateGain = Math.min(...gains);
        return { summary, figures: [pictures(shown, classes, dataset.featureShape[1] ?? 1)] };
      },
    };
  },
});

/** Pixels and class names of the first examples of different classes, as the attacker should find them. */
function examplesOf({ dataset }: Problem, count: number): { rows: Float64Array[]; classes: string[] } {
  const { features, labels, count: total } = dataset.train;
  const width = features.length / total;
  const chosen = new Set<number>();
  const rows: Float64Array[] = [];
  for (let row = 0; row < total && rows.length < count; row++) {
    const label = labels[row]!;
    if (chosen.has(label)) continue;
    chosen.add(label);
    rows.push(Float64Array.from(features.subarray(row * width, (row + 1) * width)));
  }
  return { rows, classes: Array.from(chosen, (label) => dataset.classNames?.[label] ?? String(label)) };
}
