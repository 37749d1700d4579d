import { count, defineSettings, defineTasks, gradientOn, positive, type Vector } from 'gradswarm/method';

/** For `gradswarm check`: settings under which its small problem converges. */
export const contract = { convergence: { step: 0.2 } };

/** Asynchronous SGD: each gradient is a server step, shorter the older it is. x: parameters. */
export default defineTasks({
  name: 'damped-arrivals',
  paper: {
    title: 'Staleness-aware Async-SGD for Distributed Deep Learning',
    url: 'https://arxiv.org/abs/1511.05950',
    algorithm: 'the step of a gradient is divided by its age',
    reconstruction: 'reconstructed, not checked against the paper; ages count from 1',
  },
  settings: defineSettings({
    step: positive(0.05, 'Step of a gradient of the current model'),
    batchSize: count(16, 'Examples of a gradient'),
  }),
  messages: {
    model: { from: 'coordinator', to: 'cohort', vectors: ['x'], lossy: 'any' },
    gradient: { from: 'clients', to: 'coordinator', vectors: ['g'], lossy: 'any' },
  },
  client: ({ hyperparameters: { batchSize } }) => ({
    init: () => null,
    async round(state, at) {
      const [model] = await at.take('model');
      const { exampleCount } = at.objective;
      if (!model || exampleCount === 0) return state;
      const batch = at.rng.permutation(exampleCount).subarray(0, batchSize);
      at.post('gradient', 'coordinator', { g: await gradientOn(at, model.x, batch) });
      return state;
    },
  }),
  coordinator: ({ hyperparameters: { step } }) => ({
    init: ({ initialParams }): { readonly x: Vector } => ({ x: initialParams }),
    async round({ x }, at) {
      at.offer('model', { x });
      for await (const { g, age } of at.arrivals('gradient')) {
        const rate = step / (1 + age);
        return { x: x.map((value, i) => value - rate * g[i]!) };
      }
      return { x };
    },
    estimates: ({ x }) => [x],
  }),
});
