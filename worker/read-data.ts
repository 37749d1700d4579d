import type { Rng } from '../protocol/method.js';
import type { Scenario } from '../protocol/scenario/scenario.js';
import type { Dataset } from './datasets/dataset.js';
import { loadDataset } from './datasets/load.js';

/** The data set that a scenario names, whose file was loaded before; `rng`: the run's stream for data. */
export type ReadData = (scenario: Scenario, rng: Rng) => Promise<Dataset>;

export const readData: ReadData = ({ data: { partition: _, ...spec } }, rng) => loadDataset(spec, rng);

/**
 * Reads equal data once, while they are in use and for as long as memory has room afterwards: for the points of a sweep. Files that change meanwhile are
 * read as they were or as they are.
 */
export function readOnce(): ReadData {
  const known = new Map<string, WeakRef<Dataset>>();
  return async (scenario, rng) => {
    const { partition: _, ...spec } = scenario.data;
    const key = JSON.stringify([spec, scenario.seed, scenario.precision]);
    const found = known.get(key)?.deref();
    if (found) return found;
    const dataset = await readData(scenario, rng);
    known.set(key, new WeakRef(dataset));
    return dataset;
  };
}
