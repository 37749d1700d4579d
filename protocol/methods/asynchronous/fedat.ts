import { GradswarmError } from '../../errors.js';
import type { ClientIndex, Vector } from '../../method.js';
import { atLeastZero, count, fraction, oneOf, positive } from '../../settings/kinds.js';
import { defineSettings } from '../../settings/settings.js';
import { defineTasks } from '../../tasks.js';
import { descend, localBatches } from '../federated/fedavg.js';
import { counting } from '../parts/fits.js';
import { beginTiers, merge, sizeOf, type Tier, tierOf, withAnswer, withRoundDone } from './parts/tiers.js';

interface Server {
  readonly params: Vector;
  /** From the fastest to the slowest. */
  readonly tiers: readonly Tier[];
}

const settings = defineSettings({
  tiers: count(3, 'M: groups of clients by speed, of about equal size'),
  quorum: fraction(1, 'Share of a tier whose answers end its round; later ones count in its next round'),
  tierWeights: oneOf(
    ['crossed', 'equal'],
    'crossed',
    "Weights of the tiers' models: 'crossed' gives the slowest the number of rounds of the fastest, and so on",
  ),
  localEpochs: count(1, "Passes over the client's examples"),
  batchSize: count(32, 'Examples of a local step'),
  clientLearningRate: positive(0.1, 'Step size of a local step'),
  proximal: atLeastZero(0.4, 'Weight lambda of (lambda/2)|y - x|^2 in the local objective'),
});

export default defineTasks({
  name: 'fedat',
  paper: {
    title: 'FedAT: A High-Performance and Communication-Efficient Federated Learning System with Asynchronous Tiers',
    url: 'https://arxiv.org/abs/2010.05958',
    algorithm: 'FedAT: rounds within tiers of equal speed, each of which is a server step',
    reconstruction:
      'Reconstructed, not checked against the paper. Ours: tiers are made by the order of first answers, not by profiling before the ' +
      'run; all clients of a tier take part in its rounds; the counts T_m begin at 1, so that a tier has weight before the slowest has ' +
      'ended a round; the quorum.',
  },
  settings,
  checkPlan({ tiers }, { clients }) {
    if (tiers > clients)
      throw new GradswarmError('ERR_SCENARIO', `method.tiers: expected at most the ${clients} clients, got ${tiers}`);
  },
  measures: ['age', 'tier'],
  folds: ({ tiers, quorum }, { clients }) => Math.ceil(quorum * sizeOf(tiers - 1, tiers, clients)),
  messages: {
    model: { from: 'coordinator', to: 'cohort', vectors: ['params'], lossy: 'any' },
    local: {
      from: 'clients',
      to: 'coordinator',
      vectors: ['params'],
      scalars: ['examples'],
      lossy: 'any',
      fits: counting('examples'),
    },
  },
  client: ({ hyperparameters: { localEpochs, batchSize, clientLearningRate, proximal } }) => ({
    init: () => null,
    async round(state, at) {
      const [model] = await at.take('model');
      const { exampleCount } = at.objective;
      if (!model || exampleCount === 0) return state;
      const batches = localBatches(at.rng, exampleCount, localEpochs, batchSize);
      const params = await descend(at.objective, model.params, batches, clientLearningRate, proximal);
      at.post('local', 'coordinator', { params, examples: exampleCount });
      return state;
    },
  }),
  coordinator: ({ hyperparameters: { tiers: tierCount, quorum, tierWeights } }) => ({
    init: ({ initialParams }): Server => ({ params: initialParams, tiers: beginTiers(tierCount, initialParams) }),
    async round({ params, tiers: before }, at): Promise<Server> {
      const tiers = [...before];
      const sum = at.robustSum('local');
      // Who has answered in the present round of its tier waits for the others. Who is still at work is left at it.
      const waiting = new Set(tiers.flatMap(({ back }) => back));
      const to = Array.from({ length: at.clientCount }, (_, client) => client).filter((each) => !waiting.has(each));
      at.offer('model', { params }, { to, times: 'once' });
      let ages = 0;
      let received = 0;
      for await (const { params: local, examples, age, from } of at.arrivals('local')) {
        const client = from as ClientIndex;
        const m = tierOf(tiers, client, at.clientCount);
        tiers[m] = withAnswer(tiers[m]!, client, examples, local, sum !== null);
        ages += age;
        received++;
        if (tiers[m]!.back.length < quorum * sizeOf(m, tierCount, at.clientCount)) continue;
        tiers[m] = withRoundDone(tiers[m]!, sum);
        at.measure('tier', m + 1);
        at.measure('age', ages / received);
        return { params: merge(tiers, tierWeights === 'crossed'), tiers };
      }
      // No client is at work, and none can begin: who is missing was lost or is away, and no round waits for it.
      const ended = tiers.map((tier) => (tier.back.length > 0 ? withRoundDone(tier, sum) : tier));
      return { params: merge(ended, tierWeights === 'crossed'), tiers: ended };
    },
    estimates: ({ params }) => [params],
  }),
});
