import { GradswarmError } from '../../errors.js';
import { type CoordinatorRound, defineMethod, type MessageKinds, type PartyId, type Vector } from '../../method.js';
import { requireOneOf, requirePositive } from '../../numerics/settings.js';
import { loadOptimizer, type OptimizerSpec, optimizerByName } from '../../optimizers/load-optimizer.js';
import type { ClusterGradient, Evidence } from '../../optimizers/optimizer.js';
import { clipComponents } from '../../optimizers/parts/component-clipping.js';
import { tensorsOf } from '../../optimizers/parts/tensors.js';
import { gradientByParts, tracesWithin } from '../large-batch/parts/batch-parts.js';
import { GradientStatistics } from '../large-batch/parts/gradient-statistics.js';
import { HalfMeans, independentGradient } from '../large-batch/parts/half-means.js';
import { modulesOf } from '../large-batch/parts/modules.js';
import {
  measureNoiseScale,
  type NoiseScaleState,
  noiseScaleSettings,
  noNoiseScale,
  TracesWithin,
} from '../large-batch/parts/noise-scale.js';
import { WeightedMean } from '../parts/weighted-mean.js';

interface Server {
  readonly params: Vector;
  readonly optimizer: object;
  /** Parameters of the round before, for optimizers that compare gradients at both; else empty. */
  readonly previous: Vector;
  readonly noise: NoiseScaleState;
}

const defaults = {
  /** Examples of each client's batch. */
  batchSize: 32,
  /** Any of `protocol/optimizers`, those too that need more than the mean gradient. */
  optimizer: { name: 'sgd', learningRate: 0.1 } as OptimizerSpec,
  /**
   * Every tensor clipped on its own to norm `threshold`. At the site 'clients' this bounds what one client can do and biases
   * means of unlike clients; at 'coordinator' it clips the mean. Null: no clipping.
   */
  tensorClipping: null as { readonly threshold: number; readonly site: string } | null,
  /** Factors on the mean gradient of named tensors, such as {'dense1/weights': 100}: a stress for rules that work by tensor. */
  gradientScales: {} as Readonly<Record<string, number>>,
  /** Such as {decay: 0.95, ownHalves: false}: measure the gradient noise scale. Adds traffic with ownHalves only. */
  noiseScale: null as object | null,
};

const messages = {
  model: { from: 'coordinator', to: 'cohort', vectors: ['params'], lossy: 'any' },
  gradient: { from: 'clients', to: 'coordinator', vectors: ['gradient'], scalars: ['examples'], lossy: 'any' },
  /** Only for optimizers that need the current batch's gradient at the previous parameters: those, and the answer. */
  previousModel: { from: 'coordinator', to: 'cohort', vectors: ['params'], lossy: 'any' },
  previousGradient: { from: 'clients', to: 'coordinator', vectors: ['gradient'], scalars: ['examples'], lossy: 'any' },
  /** Only with noiseScale.ownHalves: tr(Sigma) of each module from the halves of the client's own batch. */
  ownNoise: { from: 'clients', to: 'coordinator', vectors: ['traces'], scalars: ['examples'] },
} as const satisfies MessageKinds;

type Round = CoordinatorRound<typeof defaults, typeof messages>;

function needsOf({ optimizer }: Pick<typeof defaults, 'optimizer'>): ReadonlySet<keyof Evidence> {
  return new Set(loadOptimizer(optimizer, []).needs);
}

/** Clients by their number modulo the optimizer's clusterCount, each with the mean of what its clients sent. */
class Clusters {
  private readonly means = new Map<number, WeightedMean>();
  private readonly count: number;

  constructor(spec: OptimizerSpec) {
    this.count = Number({ ...optimizerByName(spec.name).settings.defaults, ...spec }.clusterCount);
  }

  add(from: PartyId, examples: number, gradient: Parameters<WeightedMean['add']>[1]): void {
    const cluster = Number(from) % this.count;
    const mean = this.means.get(cluster) ?? new WeightedMean();
    this.means.set(cluster, mean);
    mean.add(examples, gradient);
  }

  value(examples: number): ClusterGradient[] {
    return [...this.means].map(([cluster, mean]) => ({
      cluster,
      share: mean.weight / examples,
      gradient: mean.value(),
    }));
  }
}

/** The round's gradients, folded, and what else the optimizer needs of them. */
async function listen(at: Round, needs: ReadonlySet<keyof Evidence>, length: number) {
  const { optimizer, noiseScale } = at.hyperparameters;
  const settings = noiseScaleSettings(noiseScale);
  const modules = modulesOf(at.segments, length);
  const statistics = settings ? new GradientStatistics(modules, false) : null;
  const mean = statistics ?? new WeightedMean();
  const halves = needs.has('independentGradient') ? new HalfMeans(length, at.rng.derive('halves'), at.cohort) : null;
  const clusters = needs.has('cluster') ? new Clusters(optimizer) : null;
  for await (const { from, gradient, examples } of at.stream('gradient')) {
    mean.add(examples, gradient);
    halves?.add(from, examples, gradient);
    clusters?.add(from, examples, gradient);
  }
  const before = new WeightedMean();
  if (needs.has('gradientAtPrevious'))
    for await (const { gradient, examples } of at.stream('previousGradient')) before.add(examples, gradient);
  const within = new TracesWithin(modules.length);
  if (settings?.ownHalves) for await (const { traces, examples } of at.stream('ownNoise')) within.add(examples, traces);
  return { mean, statistics, halves, clusters, before, within, modules };
}

type Heard = Awaited<ReturnType<typeof listen>>;

/** Null when what the optimizer needs did not arrive: the round then changes nothing. */
function evidenceOf({ halves, clusters, before, mean }: Heard, gradient: Vector): Evidence | null {
  if (halves) return halves.isComplete ? { independentGradient: independentGradient(halves, gradient) } : null;
  if (clusters) return { clusters: clusters.value(mean.weight) };
  return before.weight > 0 ? { gradientAtPrevious: before.value() } : {};
}

/** Clipped tensor by tensor where the settings say so for this site. */
function clippedAt(
  site: 'clients' | 'coordinator',
  { segments, hyperparameters: { tensorClipping } }: Pick<Round, 'segments' | 'hyperparameters'>,
  gradient: Vector,
): Vector {
  return tensorClipping?.site === site ? clipComponents(gradient, segments, tensorClipping.threshold) : gradient;
}

/** Multiplies the named tensors of a gradient, in place. */
function scaleTensors(gradient: Vector, { segments, hyperparameters: { gradientScales } }: Round): Vector {
  for (const [name, factor] of Object.entries(gradientScales)) {
    const tensor = tensorsOf(segments, gradient.length).find((one) => one.name === name);
    if (!tensor)
      throw new GradswarmError(
        'ERR_SCENARIO',
        `method.gradientScales: expected names among ${segments.map((one) => one.name).join(', ')}, got '${name}'`,
      );
    for (let i = tensor.start; i < tensor.end; i++) gradient[i] = factor * gradient[i]!;
  }
  return gradient;
}

export default defineMethod({
  name: 'sgd',
  paper: {
    title: 'Large Scale Distributed Deep Networks (synchronous form)',
    url: 'https://papers.nips.cc/paper/4687-large-scale-distributed-deep-networks',
    algorithm: 'synchronous parallel SGD',
  },
  defaults,
  check({ batchSize, gradientScales, tensorClipping, noiseScale, optimizer }) {
    requirePositive('method.batchSize', batchSize);
    if (tensorClipping) {
      requirePositive('method.tensorClipping.threshold', tensorClipping.threshold);
      requireOneOf('method.tensorClipping.site', tensorClipping.site, ['clients', 'coordinator']);
    }
    for (const [name, factor] of Object.entries(gradientScales))
      requirePositive(`method.gradientScales.${name}`, factor);
    if (Object.keys(gradientScales).length > 0 && needsOf({ optimizer }).size > 0)
      throw new GradswarmError(
        'ERR_SCENARIO',
        `method.gradientScales: expected {} with optimizer '${optimizer.name}', which compares gradients`,
      );
    noiseScaleSettings(noiseScale);
  },
  messages,
  client: {
    init: () => null,
    async round(state, at) {
      const [model] = await at.take('model');
      const comparing = needsOf(at.hyperparameters).has('gradientAtPrevious');
      const [previous] = comparing ? await at.take('previousModel') : [];
      if (!model || (comparing && !previous)) return state;
      const { batchSize, noiseScale } = at.hyperparameters;
      const batch = at.rng.batch(at.objective.exampleCount, batchSize);
      const examples = batch.length;
      if (examples === 0) return state;
      if (noiseScaleSettings(noiseScale)?.ownHalves) {
        const { gradient, spread, parts } = await gradientByParts(at.objective, model.params, batch, 2);
        at.post('gradient', 'coordinator', { gradient: clippedAt('clients', at, gradient), examples });
        if (parts === 2) {
          const modules = modulesOf(at.segments, gradient.length);
          const traces = at.zeros(modules.length);
          traces.set(tracesWithin(spread, parts, examples, modules));
          at.post('ownNoise', 'coordinator', { traces, examples });
        }
      } else {
        const gradient = clippedAt('clients', at, await at.objective.gradient(model.params, batch));
        at.post('gradient', 'coordinator', { gradient, examples });
      }
      if (previous) {
        const gradient = clippedAt('clients', at, await at.objective.gradient(previous.params, batch));
        at.post('previousGradient', 'coordinator', { gradient, examples });
      }
      return state;
    },
  },
  coordinator: {
    init: ({ initialParams, hyperparameters, segments }): Server => ({
      params: initialParams,
      optimizer: loadOptimizer(hyperparameters.optimizer, segments).init(initialParams.length),
      previous: needsOf(hyperparameters).has('gradientAtPrevious') ? initialParams : initialParams.slice(0, 0),
      noise: noNoiseScale(),
    }),
    async round(state, at): Promise<Server> {
      const { params, optimizer } = state;
      const { noiseScale } = at.hyperparameters;
      const needs = needsOf(at.hyperparameters);
      at.post('model', at.cohort, { params });
      if (needs.has('gradientAtPrevious')) at.post('previousModel', at.cohort, { params: state.previous });
      const received = await listen(at, needs, params.length);
      const { mean, statistics, modules, within } = received;
      if (mean.weight === 0) return state;
      const noise = statistics
        ? measureNoiseScale(at, noiseScale, state.noise, modules, statistics, within.mean())
        : state.noise;
      const gradient = clippedAt('coordinator', at, scaleTensors(mean.value(), at));
      const evidence = evidenceOf(received, gradient);
      if (!evidence) return { ...state, noise };
      const rule = loadOptimizer(at.hyperparameters.optimizer, at.segments);
      const [next, nextOptimizer] = rule.update(gradient, optimizer, params, evidence);
      const previous = needs.has('gradientAtPrevious') ? params : state.previous;
      return { params: next, optimizer: nextOptimizer, previous, noise };
    },
    estimates: ({ params }) => [params],
  },
});
