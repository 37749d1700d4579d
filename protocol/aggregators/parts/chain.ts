import type { ReadonlyVector } from '../../method.js';
import { NamedModules, readSpec } from '../../settings/named-modules.js';
import type { AggregationChain, AggregationRule, AggregatorFamily } from '../aggregator.js';
import { meanOf } from './mean.js';

/** How a scenario names a rule: its name and what differs from its defaults. */
export interface AggregatorSpec {
  readonly name: string;
  readonly [setting: string]: unknown;
}

/** The aggregators that are loaded: the default exports of the folder. */
export const aggregators = new NamedModules<AggregatorFamily>('aggregator', 'an aggregator', [
  new URL('../', import.meta.url),
]);

/** Does the rule return as many vectors as come, or fewer, and so may stand before another? */
export function isPreAggregator(name: string): boolean {
  const family = aggregators.find(name);
  return family !== undefined && 'prepare' in family.create(family.settings.defaults);
}

/** Pre-aggregators, then at most one aggregator. Where the number of vectors changes and no aggregator follows, the plain mean. */
function chainOf(rules: readonly AggregationRule[]): AggregationChain {
  return {
    apply(vectors, at) {
      let current: readonly ReadonlyVector[] = vectors;
      let aggregate: ReadonlyVector | null = null;
      for (const rule of rules) {
        if ('prepare' in rule) current = rule.prepare(current, at);
        else current = [(aggregate = rule.combine(current, at))];
      }
      if (current.length === vectors.length && aggregate === null) return { vectors: current, aggregate };
      aggregate ??= meanOf(current);
      return { vectors: vectors.map(() => aggregate!), aggregate };
    },
  };
}

/** The chain of each kind that a scenario gives one. Imports the rules. Throws ERR_SCENARIO. */
export async function loadChains(
  specs: Readonly<Record<string, readonly AggregatorSpec[]>>,
): Promise<ReadonlyMap<string, AggregationChain>> {
  const chains = new Map<string, AggregationChain>();
  for (const [kind, chain] of Object.entries(specs)) {
    const rules: AggregationRule[] = [];
    for (const [i, spec] of chain.entries()) {
      await aggregators.load(spec.name);
      const { family, settings } = readSpec(aggregators, spec, `aggregators.${kind}.${i}`);
      rules.push(family.create(settings));
    }
    chains.set(kind, chainOf(rules));
  }
  return chains;
}
