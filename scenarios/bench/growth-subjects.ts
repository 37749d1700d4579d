import type { ScenarioInput } from '../../protocol/scenario/input.js';

/** One quantity that grows while all others stay, and runs that differ in it alone. */
export interface GrowthSubject {
  readonly quantity: 'clients' | 'visits' | 'cohort' | 'parameters' | 'rounds' | 'edges';
  /** Ascending; each twice the one before. For edges: of the graph in expectation. */
  readonly sizes: readonly number[];
  scenario(size: number): ScenarioInput;
}

const GOSSIP_CLIENTS = 128;
const POSSIBLE_EDGES = (GOSSIP_CLIENTS * (GOSSIP_CLIENTS - 1)) / 2;

/** Ten parameters, so that the simulator takes the time and not the objective. */
const small = {
  method: { name: 'sgd' },
  objective: { name: 'quadratic', dimension: 10 },
  data: 'none',
  seed: 1,
} as const;

/** The sizes are such that what every run costs (start of the process, compilation of hot loops) is a small share. */
export const GROWTH_SUBJECTS: readonly GrowthSubject[] = [
  {
    quantity: 'clients',
    sizes: [125_000, 250_000, 500_000, 1_000_000],
    scenario: (clients) => ({
      ...small,
      name: 'growth-clients',
      clients,
      ...lasting(20),
      participation: { cohort: 1000 },
    }),
  },
  {
    // A long run with many clients: what it keeps of those that it has visited.
    quantity: 'visits',
    sizes: [25_000, 50_000, 100_000, 200_000],
    scenario: (visits) => ({
      ...small,
      name: 'growth-visits',
      clients: 1_000_000,
      ...lasting(visits / 1000),
      participation: { cohort: 1000 },
    }),
  },
  {
    quantity: 'cohort',
    sizes: [1000, 2000, 4000, 8000],
    scenario: (cohort) => ({
      ...small,
      name: 'growth-cohort',
      clients: 8000,
      ...lasting(20),
      participation: { cohort },
    }),
  },
  {
    quantity: 'parameters',
    sizes: [250_000, 500_000, 1_000_000, 2_000_000],
    scenario: (parameters) => ({
      ...small,
      name: 'growth-parameters',
      objective: { name: 'softmax-regression' },
      data: { name: 'gaussian-clusters', features: parameters / 10, classes: 10, examples: 16, testExamples: 1 },
      clients: 16,
      ...lasting(5),
    }),
  },
  {
    quantity: 'rounds',
    sizes: [500, 1000, 2000, 4000],
    scenario: (rounds) => ({ ...small, name: 'growth-rounds', clients: 50, ...lasting(rounds) }),
  },
  {
    quantity: 'edges',
    sizes: [0.125, 0.25, 0.5, 1].map((share) => share * POSSIBLE_EDGES),
    scenario: (edges) => ({
      ...small,
      name: 'growth-edges',
      method: { name: 'gradient-tracking', stepSize: 0.01 },
      topology: { name: 'erdos-renyi', probability: edges / POSSIBLE_EDGES },
      clients: GOSSIP_CLIENTS,
      ...lasting(20),
    }),
  },
];

/** Evaluated once, at the end. */
function lasting(rounds: number) {
  return { rounds, evaluation: { everyRounds: rounds } };
}
