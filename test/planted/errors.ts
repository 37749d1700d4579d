import type { Json } from '../../protocol/scenario/scenario.js';

/** A mistake in a method, a codec or whatever a shipped scenario is about. */
export interface PlantedError {
  readonly scenario: string;
  readonly error: string;
  /** Compiled file, below dist/. */
  readonly file: string;
  /** Text that is there once, and what stands there instead. */
  readonly find: string;
  readonly replace: string;
  /** Only these points of the sweep are run, those with any of these values; left out: all. */
  readonly points?: readonly Readonly<Record<string, Json>>[];
}

const conducive = {
  error: 'the conducive gradient does not divide the shard’s own surrogate by f_s',
  file: 'protocol/methods/bayesian/parts/conducive.js',
  find: 'mine[i] / frequency',
  replace: 'mine[i]',
};
const noise = (factor: string) => ({
  file: 'protocol/privacy/mechanisms/noise-source.js',
  find: 'const radius = stddev *',
  replace: `const radius = ${factor} * stddev *`,
});
const fsgld = (delay: number, form = 'full') => ({
  'method.name': 'fsgld',
  'method.delay': delay,
  'method.surrogateForm': form,
});

/** One for every shipped scenario. */
export const plantedErrors: readonly PlantedError[] = [
  {
    scenario: 'agvm-module-variance',
    error: 'the multiplier of a module is the inverse of what it should be',
    file: 'protocol/methods/large-batch/agvm.js',
    find: '(misaligned[reference] + OFFSET) / (misaligned[m] + OFFSET)',
    replace: '(misaligned[m] + OFFSET) / (misaligned[reference] + OFFSET)',
  },
  {
    scenario: 'asynchronous-time-to-accuracy',
    error: 'places are given away only when all clients are back, as in a round',
    file: 'protocol/party/task-desk.js',
    find: 'if (left <= 0)',
    replace: 'if (this.tasks.size > 0)',
  },
  {
    scenario: 'bayesian-logistic-real',
    ...conducive,
    points: [{ 'method.name': 'fsgld', 'method.surrogatePoint': 'posterior' }],
  },
  {
    scenario: 'bayesian-network-non-iid',
    error: 'the conducive gradient is left out',
    file: 'protocol/methods/bayesian/parts/shard-drift.js',
    find: 'if (conducive)',
    replace: 'if (false)',
    points: [{ 'method.surrogatePoint': 'posterior', seed: 1 }],
  },
  {
    scenario: 'byzantine-clients',
    error: 'Multi-Krum averages the vectors of greatest score',
    file: 'protocol/aggregators/multi-krum.js',
    find: 'ascendingPositions(scores).slice(0, selected)',
    replace: 'ascendingPositions(scores).slice(-selected)',
    points: [{ 'aggregators.update.0.name': 'multi-krum' }],
  },
  {
    scenario: 'cifar10-network',
    error: 'the variance of he-uniform is multiplied by the inputs, not divided by them',
    file: 'worker/objectives/layers/parts/initializers.js',
    find: 'return 2 / inputs',
    replace: 'return 2 * inputs',
  },
  {
    scenario: 'client-selection',
    error: 'what a client sends under optimal norm sampling is not divided by its probability',
    file: 'protocol/selection/optimal-norm.js',
    find: '1 / (probabilities[i] * present)',
    replace: '1 / present',
    points: [{ 'participation.sampling.name': 'optimal-norm' }],
  },
  {
    scenario: 'compressed-gradient-tracking',
    error: 'the error memory of DeepSqueeze has the wrong sign',
    file: 'protocol/methods/gossip/deepsqueeze.js',
    find: 'leftOut: subtract(whole, sent.x)',
    replace: 'leftOut: subtract(sent.x, whole)',
    points: [{ 'method.name': 'deepsqueeze' }, { 'method.name': 'choco-sgd' }],
  },
  {
    scenario: 'compressed-langevin',
    error: 'QLSD++ does not add the reference back',
    file: 'protocol/methods/bayesian/parts/served-walk.js',
    find: '+ (known?.[i] ?? 0)',
    replace: '+ 0 * (known?.[i] ?? 0)',
  },
  {
    scenario: 'compressed-tracking-images',
    error: 'CDProxSGT steps along its own gradient, not the tracked one',
    file: 'protocol/methods/gossip/cdproxsgt.js',
    find: 'addScaled(x, -step, y)',
    replace: 'addScaled(x, -step, gradient)',
    points: [{ 'method.name': 'cdproxsgt' }, { 'method.name': 'choco-sgd' }],
  },
  {
    scenario: 'compression-bandwidth',
    error: 'the time of encoding is not counted',
    file: 'protocol/party/message-coding.js',
    find: 'const nanoseconds = this.around.nsPerParameterCoded(round.self, round.index);',
    replace: 'const nanoseconds = 0;',
    points: [{ 'links.1.bandwidthMbps': null }],
  },
  {
    scenario: 'compression-bytes-to-accuracy',
    error: 'error feedback forgets what the codec left out',
    file: 'protocol/codecs/memories/error-feedback.js',
    find: '({ error: subtract(prepared, decoded) })',
    replace: '({ error: subtract(decoded, decoded) })',
    points: [
      { 'codecs.gradient.codec.name': 'identity' },
      { 'codecs.gradient.codec.values.name': 'bf16', 'codecs.gradient.memory.name': 'error-feedback' },
    ],
  },
  {
    scenario: 'contribution-weights',
    error: 'clients that agree with the others gain weight, not those that differ',
    file: 'protocol/methods/fair/fedce.js',
    find: '1 - cosines[client]',
    replace: '1 + cosines[client]',
  },
  {
    scenario: 'diff2-digits',
    error: 'the noise is half of what the ledger says',
    ...noise('0.5'),
    points: [{ seed: 1 }],
  },
  {
    scenario: 'diff2-negative-controls',
    error: 'differences are clipped at C2, not at C2 times the distance of the models',
    file: 'protocol/methods/private/parts/diff2-framework.js',
    find: 'differenceRadius * Math.sqrt(squaredDistance(current, previous))',
    replace: 'differenceRadius',
    points: [{ seed: 1 }],
  },
  {
    scenario: 'diff2-privacy-utility',
    error: 'differences are noised as gradients are',
    file: 'protocol/methods/private/parts/diff2-framework.js',
    find: 'differenceRadius * Math.sqrt(squaredDistance(current, previous))',
    replace: 'refreshRadius',
  },
  {
    scenario: 'diloco',
    error: 'momentum forgets its velocity',
    file: 'protocol/optimizers/momentum.js',
    find: 'const v = factor * velocity[i] + g;',
    replace: 'const v = g;',
    points: [{ 'method.serverOptimizer.name': 'momentum' }],
  },
  {
    scenario: 'diurnal-availability',
    error: 'all clients are in one time zone',
    file: 'protocol/faults/diurnal-availability.js',
    find: 'client % rule.timeZones',
    replace: '0 % rule.timeZones',
    points: [{ 'method.name': 'fedavg', 'faults.0.fault': 'diurnal-availability' }],
  },
  {
    scenario: 'dp-sgd-epsilon-curve',
    error: 'no noise is added',
    ...noise('0'),
    points: [{ seed: 1 }],
  },
  {
    scenario: 'fairness-cvar',
    error: 'the gradients of the clients have equal weights, whatever their losses',
    file: 'protocol/methods/fair/prospect.js',
    find: 'factor * lambda[i]',
    replace: 'factor / clients.length',
    points: [{ 'method.name': 'prospect', seed: 1 }],
  },
  {
    scenario: 'fedavg-label-skew',
    error: 'the server takes half of the mean update',
    file: 'protocol/methods/federated/fedavg.js',
    find: 'scale(-1, mean.value())',
    replace: 'scale(-0.5, mean.value())',
    points: [{ 'data.partition.alpha': 10 }],
  },
  { scenario: 'fsgld-availability', ...conducive, points: [fsgld(40)] },
  { scenario: 'fsgld-delayed-communication', ...conducive, points: [fsgld(40)] },
  {
    scenario: 'fsgld-gaussian-paper',
    error: 'the gradient of a shard is not divided by f_s',
    file: 'protocol/methods/bayesian/parts/shard-drift.js',
    find: 'this.objective.exampleCount / frequency',
    replace: 'this.objective.exampleCount',
    points: [{ 'method.name': 'fsgld', 'method.delay': 1 }],
  },
  {
    scenario: 'fsgld-surrogate-quality',
    ...conducive,
    points: [{ 'method.surrogateError': 0, 'method.surrogate': 'objective', 'method.surrogateForm': 'full' }],
  },
  {
    scenario: 'gradient-inversion',
    error: 'noise is scaled by the square root of its level',
    file: 'scenarios/studies/gradient-inversion.js',
    find: '(level * norm(clean))',
    replace: '(Math.sqrt(level) * norm(clean))',
  },
  {
    scenario: 'gradient-tracking-channel-noise',
    error: 'the receiver of variance-reduced aggregation averages nothing',
    file: 'protocol/methods/gossip/parts/variance-reduced-aggregation.js',
    find: '(1 - beta) * estimate[i] + beta * received[i]',
    replace: 'received[i]',
    points: [{ 'method.name': 'vra-dgt' }],
  },
  {
    scenario: 'gradient-tracking-ring',
    error: 'the tracker is not mixed',
    file: 'protocol/methods/gossip/gradient-tracking.js',
    find: 'y: add(mixedY, subtract(gradient, before))',
    replace: 'y: add(y, subtract(gradient, before))',
  },
  {
    scenario: 'large-batch-scale-invariance',
    error: 'LARS divides by the root of the norm of the gradient',
    file: 'protocol/optimizers/lars.js',
    find: '(gradientNorm + weightDecay * weightNorm)',
    replace: '(Math.sqrt(gradientNorm) + weightDecay * weightNorm)',
    points: [{ 'method.optimizer.name': 'lars' }],
  },
  {
    scenario: 'message-loss',
    error: 'the weight of a message that did not come is lost',
    file: 'protocol/methods/gossip/parts/mix.js',
    find: 'missing += links.weightFrom(from)',
    replace: 'missing += 0',
    points: [{ 'method.name': 'gradient-tracking' }, { 'method.name': 'extra' }],
  },
  {
    scenario: 'noise-scale-critical-batch',
    error: 'the variance is of a batch’s mean, not of one example',
    file: 'protocol/methods/large-batch/parts/gradient-statistics.js',
    find: 'this.moduleSquares[m] / (this.parts - 1)',
    replace: '(this.moduleSquares[m] * this.parts) / (this.parts - 1) / this.total',
  },
  {
    scenario: 'personalisation',
    error: 'the personal layers begin each round as they began the first',
    file: 'protocol/methods/personal/fedper.js',
    find: 'return { personal: layers.personalOf(local) }',
    replace: 'return state',
    points: [
      { 'method.name': 'fedper', seed: 1 },
      { 'method.name': 'fedavg', seed: 1 },
    ],
  },
  {
    scenario: 'privacy-audit',
    error: 'the noise is half of what the ledger says',
    ...noise('0.5'),
    points: [{ seed: 1 }],
  },
  {
    scenario: 'quick-start',
    error: 'a client descends along its first batch alone',
    file: 'protocol/methods/federated/fedavg.js',
    find: 'objective.descend(start, batches, rate)',
    replace: 'objective.descend(start, [...batches].slice(0, 1), rate)',
  },
  {
    scenario: 'resnet-digits',
    error: 'the gradient of the kernels of a convolution has the wrong sign',
    file: 'worker/objectives/tensorflow/parts/tape.js',
    find: "kernel('Conv2DBackpropFilter', { x: image, dy }",
    replace: "kernel('Conv2DBackpropFilter', { x: image, dy: tf.neg(dy) }",
  },
  {
    scenario: 'scaffold-client-drift',
    error: 'the control variates are swapped',
    file: 'protocol/methods/federated/scaffold.js',
    find: 'gradient[i] - control[i] + c[i]',
    replace: 'gradient[i] + control[i] - c[i]',
  },
  {
    scenario: 'secure-aggregation-dropout',
    error: 'the masks of clients that dropped out stay in the sum',
    file: 'protocol/privacy/secure-sum/secure-aggregation.js',
    find: 'pairSign(survivor, dropped) === 1 ? -1 : 1',
    replace: '0',
  },
  {
    scenario: 'top-1-divergence',
    error: 'the server’s estimate of EF21 is the last message alone',
    file: 'protocol/codecs/memories/ef21.js',
    find: 'const estimate = add(state.estimate, decoded);',
    replace: 'const estimate = decoded;',
  },
  {
    scenario: 'topology-sweep',
    error: 'Metropolis weights are 1 / max instead of 1 / (1 + max)',
    file: 'protocol/topology/mixing-matrix.js',
    find: '1 / (1 + Math.max(degree(i), degree(j)))',
    replace: '1 / Math.max(2, degree(i), degree(j))',
  },
  {
    scenario: 'transformer-language-model',
    error: 'the first position is read, not the last',
    file: 'worker/objectives/layers/last-position.js',
    find: 'inputShape[0] - 1',
    replace: '0',
  },
  {
    scenario: 'vra-logistic-regression',
    error: 'the receiver of variance-reduced aggregation averages nothing',
    file: 'protocol/methods/gossip/parts/variance-reduced-aggregation.js',
    find: '(1 - beta) * estimate[i] + beta * received[i]',
    replace: 'received[i]',
    points: [{ 'method.name': 'vra-dgt' }],
  },
  {
    scenario: 'vrgd-batch-sweep',
    error: 'the signal-to-noise ratio is upside down',
    file: 'protocol/methods/large-batch/parts/signal-to-noise.js',
    find: 'square / (spread[i] + SMALLEST_VARIANCE)',
    replace: '(spread[i] + SMALLEST_VARIANCE) / (square + SMALLEST_VARIANCE)',
  },
  {
    scenario: 'vrgd-linear-regression',
    error: 'ratios are not divided by their mean',
    file: 'protocol/methods/large-batch/parts/signal-to-noise.js',
    find: 'into[i] / average',
    replace: 'into[i]',
  },
  {
    scenario: 'vrgd-under-heterogeneity',
    error: 'the spread of a scaled client is scaled like its mean',
    file: 'protocol/methods/large-batch/parts/signal-to-noise.js',
    find: 'spreadSum <= AGREEMENT * meanSquare',
    replace: 'spreadSum >= AGREEMENT * meanSquare',
  },
];
