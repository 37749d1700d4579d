import type { PeerRecord } from './peer-record.js';
import { type RecordedRun, recordedRun } from './recorded-run.js';

const PRIOR_VARIANCE = 100;
/** Four shards whose likelihoods are Gaussians of unlike curvature, known by their sufficient statistics. */
const FOUR_SHARDS = {
  name: 'peer',
  objective: { name: 'gaussian-mean', problem: 'unequal-curvature', priorVariance: PRIOR_VARIANCE },
  data: 'none',
  clients: 4,
  seed: 17,
  evaluation: { everyRounds: 100_000 },
} as const;
const COUNTS = [50, 100, 200, 400];

/** As the specification of the problem prints them. */
const MODEL = {
  priorVariance: PRIOR_VARIANCE,
  shards: [
    {
      count: 50,
      mean: [-3.0606333710943545, 0.9844204520227321],
      precision: [3.672504277955649, 1.0587046376156926, 1.0587046376156926, 0.5774957220443535],
    },
    {
      count: 100,
      mean: [1.8674490500646233, -2.073456269396562],
      precision: [2.9052753185258946, -1.7049326752981553, -1.7049326752981553, 1.3447246814741096],
    },
    { count: 200, mean: [0.9979225737025987, 3.168889834460884], precision: [1, 0, 0, 1] },
    {
      count: 400,
      mean: [-1.2166057531264038, -1.4354190066405599],
      precision: [0.24944992062773746, 0.16424162166474326, 0.16424162166474326, 0.30610563493782784],
    },
  ],
};

const inPairs = (numbers: readonly number[]) =>
  Array.from({ length: numbers.length / 2 }, (_, i) => numbers.slice(2 * i, 2 * i + 2));

async function psgld(what: string, visits: object, frequencies: readonly number[]): Promise<PeerRecord> {
  const chain = { stepSize: 1e-3, decay: 0.95, epsilon: 1e-2 };
  const run = await recordedRun({
    ...FOUR_SHARDS,
    method: { name: 'psgld', ...chain, chains: 1, delay: 7, visitsPerRound: 20, ...visits },
    rounds: 200,
  } as never);
  return {
    item: `pSGLD, ${what}: ${run.asked.length} innovations`,
    by: 'psgld',
    limit: 4.5,
    unit: 'standard errors',
    ...chain,
    priorVariance: PRIOR_VARIANCE,
    points: run.asked.map(({ point }) => point),
    gradients: run.asked.map(({ gradient }) => gradient),
    shard: run.asked.map(({ client }) => client),
    examples: COUNTS,
    frequencies,
  };
}

const fald = (settings: object, rounds: number) =>
  recordedRun({ ...FOUR_SHARDS, method: { name: 'fald', chains: 1, ...settings }, rounds } as never);

/** What the coordinator sends out at the beginning of each round. */
const averagesOf = (run: RecordedRun) =>
  run.posted.filter(({ kind }) => kind === 'positions').map(({ fields }) => inPairs(fields.positions as number[]));

async function faldInnovations(commonNoise: number): Promise<PeerRecord[]> {
  const settings = { stepSize: 2e-4, meanLocalSteps: 6, commonNoise };
  const rounds = 3000;
  const run = await fald(settings, rounds);
  const prior = (point: readonly number[]) => point.map((value) => value / PRIOR_VARIANCE / 4);
  const byRound = Array.from({ length: rounds }, (_, round) => {
    const ofRound = run.asked.filter((one) => one.round === round);
    return COUNTS.map((_, client) => ofRound.filter((one) => one.client === client));
  });
  const slopes = byRound.map((clients) =>
    clients.map((all, client) =>
      all.map(({ point, gradient }) => gradient.map((g, k) => COUNTS[client]! * g + prior(point)[k]!)),
    ),
  );
  const common = { limit: 4.5, unit: 'standard errors' as const, ...settings };
  return [
    {
      item: `FALD, common noise ${commonNoise}: innovations of ${rounds} rounds`,
      by: 'fald_innovations',
      ...common,
      averages: averagesOf(run).map(([one]) => one),
      steps: byRound.map((clients) => clients.map((all) => all.map(({ point }) => point))),
      slopes,
    },
    {
      item: `FALD, common noise ${commonNoise}: numbers of local steps`,
      by: 'fald_steps',
      ...common,
      lengths: byRound.map(([all]) => all!.length),
    },
  ];
}

async function faldLaw(what: string, given: object): Promise<PeerRecord> {
  const settings = {
    stepSize: 2e-4,
    meanLocalSteps: 8,
    commonNoise: 0.3,
    varianceReduction: false,
    refreshProbability: 0.3,
    ...given,
  };
  const chains = 16;
  const run = await fald({ ...settings, chains }, 900);
  const averages = averagesOf(run).slice(100);
  return {
    item: `FALD, ${what}: mean and covariance after a synchronisation`,
    by: 'fald_law',
    limit: 4.5,
    unit: 'standard errors',
    ...settings,
    ...MODEL,
    averages: Array.from({ length: chains }, (_, chain) => averages.map((all) => all[chain]!)),
  };
}

const PER_CHAIN = 1500;

async function consensus(combination: 'weighted' | 'product' | 'average'): Promise<PeerRecord[]> {
  const chains = 4;
  const stepSize = 1e-3;
  const method = { name: 'consensus-monte-carlo', combination, chains, stepSize, burnInSteps: 1000, thin: 20 };
  const run = await recordedRun({
    ...FOUR_SHARDS,
    method: { ...method, drawsPerRound: PER_CHAIN },
    rounds: 1,
  } as never);
  const combined = run.draws.map(inPairs);
  const local = run.posted
    .filter(({ kind }) => kind === 'draws')
    .sort((a, b) => Number(a.from) - Number(b.from))
    .map(({ fields }) => inPairs(fields.draws as number[]))
    .map((draws) => combined.map((_, chain) => draws.slice(chain * PER_CHAIN, (chain + 1) * PER_CHAIN)));
  const item = `Consensus Monte Carlo, ${combination}: draws from those that the shards sent`;
  const statistical = { limit: 4.5, unit: 'standard errors' as const };
  if (combination === 'product') return [{ item, by: 'consensus_product', ...statistical, local, combined }];
  const exact: PeerRecord = { item, by: 'consensus', limit: 1e-11, combination, local, combined };
  if (combination === 'average') return [exact];
  const law = { item: 'Consensus Monte Carlo: mean and covariance of the shards’ own draws', by: 'consensus_local' };
  return [exact, { ...law, ...statistical, stepSize, ...MODEL, local }];
}

const uniform = [0.25, 0.25, 0.25, 0.25];
const byExamples = COUNTS.map((count) => count / 750);
const one = async (record: Promise<PeerRecord>) => [await record];

export const samplerRecords: readonly (() => Promise<readonly PeerRecord[]>)[] = [
  () => one(psgld('visits by examples', {}, byExamples)),
  () => one(psgld('uniform visits', { visitBy: 'uniform' }, uniform)),
  () => faldInnovations(0),
  () => faldInnovations(0.4),
  () => one(faldLaw('plain', {})),
  () => one(faldLaw('variance-reduced', { varianceReduction: true })),
  () => consensus('weighted'),
  () => consensus('average'),
  () => consensus('product'),
];
