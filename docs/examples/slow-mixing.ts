import { defineMeetings, defineSettings, fraction, gradientOn, gradientSettings, minibatch, mix, positive, type Vector } from 'gradswarm/method';

/** x: the model. gradient: finished by the time of the client's next own meeting; null: it has not begun. */
interface Peer {
  readonly x: Vector;
  readonly gradient: Vector | null;
}

/** For `gradswarm check`: a meeting is one client's gradient, so many are needed. */
export const contract = { loss: { rounds: 360, share: 0.1 }, hyperparameters: { share: 0.5 } };

/** Gossip of pairs that go a share of the way to their mean, with a gradient of the one that finished it. */
export default defineMeetings({
  name: 'slow-mixing',
  paper: {
    title: 'Randomized Gossip Algorithms',
    url: 'https://doi.org/10.1109/TIT.2006.874516',
    algorithm: 'pairs drawn one after the other, here by who is ready; they move to their mean',
    reconstruction: 'the share of the way and the gradients are ours',
  },
  settings: defineSettings({
    stepSize: positive(0.05, 'Step of a gradient'),
    share: fraction(0.5, 'Share of the way to the mean of the two'),
    ...gradientSettings,
  }),
  messages: { model: { from: 'clients', to: 'peers', vectors: ['x'], lossy: 'any' } },
  client: ({ hyperparameters: { stepSize, share } }) => ({
    init: ({ initialParams }): Peer => ({ x: initialParams, gradient: null }),
    async round({ x, gradient }, at): Promise<Peer> {
      const sent = at.post('model', at.links.outNeighbors, { x });
      const mean = mix(await at.take('model'), at.links, sent.x, (message) => message.x);
      const met = x.map((value, i) => value + share * (mean[i]! - value));
      // The other one continues with its own gradient.
      if (!at.isReady) return { x: met, gradient };
      const next = gradient ? met.map((value, i) => value - stepSize * gradient[i]!) : met;
      return { x: next, gradient: await gradientOn(at, next, minibatch(at)) };
    },
    estimates: ({ x }) => [x],
  }),
});
