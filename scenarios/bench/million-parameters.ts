import type { ScenarioInput, SpecInput } from '../../protocol/scenario/input.js';

export const MILLION_CLIENTS = 32;

/** A million parameters and one example a client, so that moving vectors is as much work as computing them. */
export function millionParameters(method: SpecInput, rounds: number): ScenarioInput {
  return {
    name: 'bench-million-parameters',
    method,
    objective: { name: 'softmax-regression' },
    data: { name: 'gaussian-clusters', features: 100_000, classes: 10, examples: MILLION_CLIENTS, testExamples: 1 },
    clients: MILLION_CLIENTS,
    rounds,
    seed: 1,
    evaluation: { everyRounds: rounds },
  };
}
