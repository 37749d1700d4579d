import { loadForecast } from '../../protocol/method-loader.js';
import type { Scenario } from '../../protocol/scenario/scenario.js';
import type { Problem } from '../../worker/problem.js';

/** The method's forecast of the run from public numbers, before it begins. */
export async function forecastOf(scenario: Scenario, { family, partition }: Problem): Promise<readonly string[]> {
  const { name, ...hyperparameters } = scenario.method;
  const forecast = await loadForecast(name);
  if (!forecast) return [];
  return forecast(hyperparameters, {
    rounds: scenario.rounds,
    clientCount: scenario.clients,
    parameterCount: family.parameterCount,
    exampleCounts: partition.shards.map(({ length }) => length),
    delta: scenario.privacy.delta,
    privateNoise: scenario.privacy.noise,
  });
}
