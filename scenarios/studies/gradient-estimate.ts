import { GradswarmError } from '../../protocol/errors.js';
import type { Objective, ReadonlyVector } from '../../protocol/method.js';
import { norm, squaredDistance, squaredNorm, subtract } from '../../protocol/numerics/vector.js';
import { fraction, integer } from '../../protocol/settings/kinds.js';
import { defineSettings } from '../../protocol/settings/settings.js';
import type { Problem } from '../../worker/problem.js';
import { defineStudy } from '../run/study.js';

/** Mean over the clients, unweighted, of their mean gradients over all their examples. */
async function trueGradient({ partition, objectiveOf, model }: Problem, params: ReadonlyVector): Promise<Float64Array> {
  const sum = new Float64Array(model.parameterCount);
  for (let client = 0; client < partition.shards.length; client++) {
    const objective = objectiveOf(client);
    const every = Uint32Array.from({ length: objective.exampleCount }, (_, i) => i);
    const gradient = await objective.gradient(params, every);
    for (let i = 0; i < sum.length; i++) sum[i] = sum[i]! + gradient[i]! / partition.shards.length;
  }
  return sum;
}

/** Share of the examples whose gradients at two points lie further apart than `radius` times the points' distance. */
async function clippedShare(
  objective: Objective,
  params: ReadonlyVector,
  previous: ReadonlyVector,
  radius: number,
): Promise<number> {
  const limit = radius * Math.sqrt(squaredDistance(params, previous));
  let clipped = 0;
  for (let i = 0; i < objective.exampleCount; i++) {
    const one = Uint32Array.of(i);
    const difference = subtract(await objective.gradient(params, one), await objective.gradient(previous, one));
    if (norm(difference) > limit) clipped++;
  }
  return clipped / objective.exampleCount;
}

const meanOf = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0) / values.length;

/**
 * How good the gradient is that a method steps along, for methods whose whole step is x - rate v: v is read off the two
 * iterates. It is a non-private diagnostic: it uses the raw data.
 */
export default defineStudy({
  name: 'gradient-estimate',
  summary: 'squared error of the gradient that was stepped along, and squared norm of the true one (not private)',
  settings: defineSettings({
    settledShare: fraction(0.2, 'Part of the rounds, at the end, that `settled…` figures average'),
    clippedDifferencesEvery: integer(
      0,
      "Every so many rounds: share of the first client's examples whose two gradients differ by more than the method's " +
        'differenceRadius allows; 0: never',
      { least: 0 },
    ),
  }),
  measures: ['estimatorError', 'squaredGradient', 'clippedDifferences'],
  figures: ['meanClippedDifferences', 'meanEstimatorError', 'settledSquaredGradient'],
  open({ settledShare, clippedDifferencesEvery }, { problem, scenario }) {
    const rate = scenario.method.learningRate;
    if (typeof rate !== 'number')
      throw new GradswarmError(
        'ERR_SCENARIO',
        `study gradient-estimate: expected a method with a learningRate, got '${scenario.method.name}'`,
      );
    const radius = Number(scenario.method.differenceRadius ?? Number.POSITIVE_INFINITY);
    let before: ReadonlyVector = problem.model.initialParams;
    let gradientBefore: Float64Array | null = null;
    return {
      async round(round, [estimate]) {
        gradientBefore ??= await trueGradient(problem, before);
        const stepped = new Float64Array(before.length);
        for (let i = 0; i < stepped.length; i++) stepped[i] = (before[i]! - estimate![i]!) / rate;
        const estimatorError = squaredDistance(stepped, gradientBefore);
        const looks = clippedDifferencesEvery > 0 && round % clippedDifferencesEvery === 0;
        const clippedDifferences = looks ? await clippedShare(problem.objectiveOf(0), estimate!, before, radius) : null;
        before = estimate!.subarray(0);
        gradientBefore = await trueGradient(problem, before);
        return {
          estimatorError,
          squaredGradient: squaredNorm(gradientBefore),
          ...(clippedDifferences === null ? {} : { clippedDifferences }),
        };
      },
      finish({ record }) {
        const { rows } = record;
        const settled = rows.slice(-Math.max(1, Math.floor(settledShare * rows.length + 0.5)));
        const of = (name: string, among: typeof rows) => meanOf(among.map(({ extra }) => extra[name] ?? Number.NaN));
        const clipped = rows.map(({ extra }) => extra.clippedDifferences).filter((share) => share !== undefined);
        return {
          summary: {
            ...(clipped.length > 0 ? { meanClippedDifferences: meanOf(clipped) } : {}),
            meanEstimatorError: of('estimatorError', rows),
            settledSquaredGradient: of('squaredGradient', settled),
          },
        };
      },
    };
  },
});
