import { addScaled, count, defineSampler, defineSettings, positive, type Vector } from 'gradswarm/method';

interface Chain {
  readonly x: Vector;
  /** Kept in this round. */
  readonly draws: Vector;
}

/** For `gradswarm check`: a posterior, and no claim on the loss, since a chain moves about its posterior. */
export const contract = {
  objective: { name: 'gaussian-mean', priorVariance: 10 },
  data: { name: 'gaussian-clusters', classes: 3, features: 5, examples: 24, separation: 2, partition: 'iid' },
  loss: null,
};

/** x -= h grad U(x) + sqrt(2h) N(0, I), grad U summed over the shards: each with its likelihood and its share of the prior. */
export default defineSampler({
  name: 'unadjusted-langevin',
  paper: {
    title: 'Exponential convergence of Langevin distributions and their discrete approximations',
    url: 'https://doi.org/10.2307/3318418',
    algorithm: 'section 1.4.1, unadjusted',
    reconstruction: 'reconstructed, not checked against the paper',
  },
  settings: defineSettings({
    stepSize: positive(1e-3, 'h'),
    keepEvery: count(1, 'Rounds from one kept draw to the next'),
  }),
  messages: {
    position: { from: 'coordinator', to: 'cohort', vectors: ['x'] },
    force: { from: 'clients', to: 'coordinator', vectors: ['gradient'], lossy: 'unbiased' },
  },
  client: {
    init: () => null,
    async round(state, at): Promise<null> {
      const { objective } = at;
      const all = Uint32Array.from({ length: objective.exampleCount }, (_, i) => i);
      for await (const { x } of at.stream('position')) {
        const mean = await objective.gradient(x, all);
        const prior = objective.priorGradient(x);
        // The gradient of the negative log-posterior: the mean times its examples, less the share of the log-prior.
        const gradient = mean.map((g, i) => g * all.length - prior[i]! / at.clientCount);
        at.post('force', 'coordinator', { gradient });
      }
      return state;
    },
  },
  coordinator: {
    init: ({ initialParams }): Chain => ({ x: initialParams, draws: initialParams.slice(0, 0) }),
    async round({ x }, at): Promise<Chain> {
      const { stepSize, keepEvery } = at.hyperparameters;
      at.post('position', at.cohort, { x });
      let sum: Vector = at.zeros();
      let received = 0;
      for await (const { gradient } of at.stream('force')) {
        sum = addScaled(sum, 1, gradient);
        received++;
      }
      // Those that are missing count like the mean of the others.
      const drift = received === 0 ? x : addScaled(x, (-stepSize * at.clientCount) / received, sum);
      const next = addScaled(drift, Math.sqrt(2 * stepSize), at.rng.normal(drift.length));
      return { x: next, draws: (at.index + 1) % keepEvery === 0 ? next : at.zeros(0) };
    },
    estimates: ({ x }) => [x],
    draws: ({ draws }) => [draws],
  },
});
