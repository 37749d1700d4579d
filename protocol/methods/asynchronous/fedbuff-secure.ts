import { GradswarmError, MessageRefused } from '../../errors.js';
import type { ClientIndex, ReadonlyVector } from '../../method.js';
import { zerosLike } from '../../numerics/vector.js';
import {
  addWeighted,
  beginDealer,
  DEALT_BITS,
  DEALT_KEY_BYTES,
  type DealerState,
  dealerBytes,
  MaskDealer,
  maskForDealer,
} from '../../privacy/secure-sum/mask-dealer.js';
import { addResidues, centerResidues, toResidues } from '../../privacy/secure-sum/secure-aggregation.js';
import { count, integer, oneOf, positive } from '../../settings/kinds.js';
import { defineSettings, type SettingsOf } from '../../settings/settings.js';
import { defineTasks } from '../../tasks.js';
import { type BufferedServer, bufferedSettings, localDifference, serverRule } from './parts/buffered.js';
import { stalenessWeight } from './parts/staleness.js';

const settings = defineSettings({
  bufferSize: integer(10, 'K: answers of a server step, each of another client', { least: 2 }),
  range: positive(1, 'Largest magnitude of an entry of an update; larger ones are cut'),
  weightLevels: count(256, 'Weight of a fresh answer; a stale one has a whole number from 1 to this', 65536),
  sum: oneOf(['masked', 'clear'], 'masked', "'clear': the same integers without masks, as a check: the same bits"),
  ...bufferedSettings,
});
type Settings = SettingsOf<typeof settings>;

interface Server extends BufferedServer {
  /** null: before the first step. It stands for a party of its own: what it holds is no business of the coordinator. */
  readonly dealer: DealerState | null;
}

/** Fewest levels of an entry: rounding is then at most 0.2 % of the range. */
const LEAST_LEVELS = 256;

/** Whole numbers of an entry on each side of 0: the sum of K of them, each with the greatest weight, does not wrap around. */
function levelsOf({ bufferSize, weightLevels }: Settings): number {
  return Math.floor((2 ** (DEALT_BITS - 1) - 1) / (bufferSize * weightLevels));
}

function weightOf(age: number, settings: Settings): number {
  return Math.max(1, Math.round(settings.weightLevels * stalenessWeight(age, settings)));
}

/** Entries to the nearest of the levels, and how many were cut. */
function quantise(delta: ReadonlyVector, range: number, levels: number) {
  const values = new Int32Array(delta.length);
  let cut = 0;
  for (let i = 0; i < values.length; i++) {
    const entry = delta[i]!;
    if (!Number.isFinite(entry))
      throw new GradswarmError('ERR_NOT_FINITE', `fedbuff-secure: entry ${i} of an update is ${entry}`);
    if (Math.abs(entry) > range) cut++;
    values[i] = Math.round((Math.min(range, Math.max(-range, entry)) / range) * levels);
  }
  return { values, cut };
}

export default defineTasks({
  name: 'fedbuff-secure',
  paper: {
    title: 'Papaya: Practical, Private, and Scalable Federated Learning',
    url: 'https://arxiv.org/abs/2111.04877',
    algorithm: 'Asynchronous secure aggregation: FedBuff whose coordinator receives the sum of a full buffer alone',
    reconstruction:
      'Reconstructed, not checked against the paper. The trusted enclave is a dealer of masks within the coordinator’s process, without ' +
      'attestation; it weighs masks by age itself and refuses a second answer of one client in a buffer. Entries are rounded to the nearest.',
  },
  settings,
  folds: 'its coordinator sees masked answers, and the sum of a full buffer alone',
  checkPlan(settings, { clients }) {
    const { bufferSize, weightLevels } = settings;
    if (bufferSize > clients)
      throw new GradswarmError(
        'ERR_SCENARIO',
        `method.bufferSize: expected at most the ${clients} clients, each of which is in a buffer once, got ${bufferSize}`,
      );
    if (levelsOf(settings) < LEAST_LEVELS)
      throw new GradswarmError(
        'ERR_SCENARIO',
        `method.weightLevels: expected ${bufferSize} answers of weight ${weightLevels} to leave ${LEAST_LEVELS} levels of 31 bits, ` +
          `got ${levelsOf(settings)}`,
      );
  },
  measures: ['age', 'cutEntries', 'dealerBytes', 'repeatedAnswers', 'unopenedAnswers'],
  messages: {
    model: { from: 'coordinator', to: 'cohort', vectors: ['params'], bytes: ['dealerKey'], lossy: 'any' },
    update: {
      from: 'clients',
      to: 'coordinator',
      integers: ['residues'],
      bytes: ['key'],
      most: 1,
      fits: ({ residues, key }, { parameterCount }) =>
        residues instanceof Uint32Array && residues.length === parameterCount && key.length === DEALT_KEY_BYTES,
    },
  },
  client: ({ hyperparameters }) => ({
    init: () => null,
    async round(state, at) {
      const [model] = await at.take('model');
      const delta = model && (await localDifference(at, model.params, hyperparameters));
      if (!delta) return state;
      const { values, cut } = quantise(delta, hyperparameters.range, levelsOf(hyperparameters));
      at.measure('cutEntries', cut);
      const plain = toResidues(values, DEALT_BITS);
      const whose = { client: at.self, step: at.index };
      const { residues, key } = await maskForDealer(plain, model.dealerKey, whose, at.secrets);
      at.post('update', 'coordinator', { residues: hyperparameters.sum === 'clear' ? plain : residues, key });
      return state;
    },
  }),
  coordinator: ({ hyperparameters, segments }) => {
    const { bufferSize, range, weightLevels, serverLearningRate, again } = hyperparameters;
    const server = serverRule(hyperparameters, segments);
    const weight = (age: number): number => weightOf(age, hyperparameters);
    return {
      init: ({ initialParams }): Server => ({ ...server.begin(initialParams), dealer: null }),
      async round(state, at): Promise<Server> {
        const { params, dealer: before, ...rest } = state;
        const begun = before ?? (await beginDealer(at.secrets));
        const dealer = new MaskDealer(begun, { bufferSize, weightOf: weight, secrets: at.secrets });
        at.offer('model', { params, dealerKey: begun.publicKey }, { times: again });
        const sum = new Uint32Array(params.length);
        let received = 0;
        let ages = 0;
        let repeated = 0;
        for await (const { residues, key, age, from } of at.arrivals('update')) {
          const admitted = await dealer.admit(from as ClientIndex, at.index - age, key);
          if (admitted === 'refused')
            throw new MessageRefused(from, 'update', 'an X25519 key that was not used before');
          if (admitted === 'again') {
            repeated++;
            continue;
          }
          addWeighted(sum, weight(age), residues as Uint32Array);
          ages += age;
          if (++received === bufferSize) break;
        }
        at.measure('repeatedAnswers', repeated);
        at.measure('unopenedAnswers', received < bufferSize ? received : 0);
        // No client is at work, and none can begin: the dealer keeps its masks, and what came is lost.
        if (received < bufferSize) return { ...rest, params, dealer: begun };
        const { mask, state: next } = await dealer.open(at.index, params.length);
        if (hyperparameters.sum === 'masked') addResidues(sum, mask, -1, DEALT_BITS);
        at.measure('age', ages / bufferSize);
        at.measure('dealerBytes', dealerBytes(bufferSize, params.length));
        const total = zerosLike(params);
        total.set(centerResidues(sum, DEALT_BITS));
        const factor = (serverLearningRate * range) / (bufferSize * weightLevels * levelsOf(hyperparameters));
        return { ...server.step({ params, ...rest }, total, factor), dealer: next };
      },
      estimates: ({ params }) => [params],
      // Keys and marks are other ones in every run; sums, and so all else, do not depend on them.
      digested: ({ dealer: _, ...rest }) => rest,
    };
  },
});
