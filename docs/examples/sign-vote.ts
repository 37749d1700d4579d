import { defineMethod, defineSettings, minibatch, gradientOn, gradientSettings, positive, type Vector } from 'gradswarm/method';

interface Server {
  readonly x: Vector;
}

/** For `gradswarm check`: the step that lowers the loss of its small problem in 40 rounds. */
export const contract = { convergence: { step: 0.1 } };

/**
 * signSGD with majority vote: each client sends the signs of its gradient, the coordinator steps along the sign of their sum.
 * x: parameters.
 */
export default defineMethod({
  name: 'sign-vote',
  paper: {
    title: 'signSGD with Majority Vote is Communication Efficient and Fault Tolerant',
    url: 'https://arxiv.org/abs/1810.05291',
    algorithm: 'algorithm 1',
    reconstruction: 'reconstructed, not checked against the paper',
  },
  settings: defineSettings({ step: positive(0.01, 'Length of each step, in every coordinate'), ...gradientSettings }),
  messages: {
    model: { from: 'coordinator', to: 'cohort', vectors: ['x'] },
    vote: { from: 'clients', to: 'coordinator', vectors: ['sign'], lossy: 'any' },
  },
  client: {
    init: () => null,
    async round(state, at): Promise<null> {
      for await (const { x } of at.stream('model')) {
        const gradient = await gradientOn(at, x, minibatch(at));
        at.post('vote', 'coordinator', { sign: gradient.map(Math.sign) });
      }
      return state;
    },
  },
  coordinator: {
    init: ({ initialParams }): Server => ({ x: initialParams }),
    async round({ x }, at): Promise<Server> {
      at.post('model', at.cohort, { x });
      const votes = at.zeros();
      for await (const { sign } of at.stream('vote')) for (let i = 0; i < votes.length; i++) votes[i]! += sign[i]!;
      const { step } = at.hyperparameters;
      return { x: x.map((value, i) => value - step * Math.sign(votes[i]!)) };
    },
    estimates: ({ x }) => [x],
  },
});
