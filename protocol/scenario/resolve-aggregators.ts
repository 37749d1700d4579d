import { aggregators, isPreAggregator } from '../aggregators/parts/chain.js';
import type { MessageKinds } from '../method.js';
import { namedKind } from '../settings/named-modules.js';
import { isPlainObject } from '../settings/plain-data.js';
import type { Problems } from '../settings/problems.js';
import type { Json, JsonObject, Spec } from './scenario.js';

const AGGREGATOR = namedKind(aggregators, 'the name of an aggregator, or an object with a name and settings');

/**
 * A chain for each kind that the scenario gives one: pre-aggregators, and nothing behind an aggregator. `messages`: the method's; null:
 * not known, and every kind is let through.
 */
export async function resolveAggregators(
  value: Json | undefined,
  messages: MessageKinds | null,
  problems: Problems,
): Promise<Record<string, readonly Spec[]>> {
  const given = isPlainObject(value) ? (value as JsonObject) : {};
  const kinds = Object.entries(messages ?? {}).filter(
    ([, kind]) => kind.from === 'clients' && (kind.vectors?.length ?? 0) > 0,
  );
  const known = kinds.map(([kind]) => kind);
  const result: Record<string, readonly Spec[]> = {};
  for (const [kind, chain] of Object.entries(given)) {
    if (messages && !known.includes(kind)) {
      problems.unknownName(`aggregators.${kind}`, 'a kind of messages', kind, known);
      continue;
    }
    const specs: Spec[] = [];
    for (const [i, one] of (Array.isArray(chain) ? (chain as Json[]) : [chain]).entries()) {
      const path = Array.isArray(chain) ? `aggregators.${kind}.${i}` : `aggregators.${kind}`;
      await AGGREGATOR.load!(one);
      specs.push(AGGREGATOR.read(one, path, problems) as Spec);
    }
    checkChain(kind, specs, problems);
    result[kind] = specs;
  }
  return result;
}

function checkChain(kind: string, specs: readonly Spec[], problems: Problems): void {
  if (specs.length === 0) problems.add(`aggregators.${kind}`, 'at least one aggregator', []);
  const names = specs.map(({ name }) => name);
  const ending = names.findIndex((name) => aggregators.find(name) && !isPreAggregator(name));
  if (ending >= 0 && ending < names.length - 1)
    problems.add(
      `aggregators.${kind}.${ending + 1}`,
      `nothing behind '${names[ending]}', which returns one vector`,
      names[ending + 1],
    );
}
