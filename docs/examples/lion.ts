import {
  atLeastZero,
  decay,
  defineOptimizer,
  defineSettings,
  schedule,
  scheduleOf,
  type Vector,
  zeros,
  zerosLike,
} from 'gradswarm/optimizer';

interface State {
  readonly step: number;
  readonly momentum: Vector;
}

/** w -= rate (sign(beta1 m + (1 - beta1) g) + weightDecay w); m = beta2 m + (1 - beta2) g. */
export default defineOptimizer({
  name: 'lion',
  source: 'Chen et al., "Symbolic Discovery of Optimization Algorithms", 2023, algorithm 2; reconstructed, not checked against the paper.',
  settings: defineSettings({
    learningRate: schedule(1e-3, 'Length of each step, in every coordinate'),
    beta1: decay(0.9, 'Weight of the momentum in the direction'),
    beta2: decay(0.99, 'Decay factor of the momentum'),
    weightDecay: atLeastZero(0, 'Added to the direction, times the parameters'),
  }),
  create({ learningRate, beta1, beta2, weightDecay }) {
    const rateAt = scheduleOf(learningRate);
    return {
      init: (length, precision = 'float64'): State => ({ step: 0, momentum: zeros(length, precision) }),
      update(gradient, { step, momentum }: State, params) {
        const rate = rateAt(step);
        const next = zerosLike(params);
        const nextMomentum = zerosLike(momentum);
        for (let i = 0; i < next.length; i++) {
          const [g, m, w] = [gradient[i]!, momentum[i]!, params[i]!];
          next[i] = w - rate * (Math.sign(beta1 * m + (1 - beta1) * g) + weightDecay * w);
          nextMomentum[i] = beta2 * m + (1 - beta2) * g;
        }
        return [next, { step: step + 1, momentum: nextMomentum }];
      },
    };
  },
});
