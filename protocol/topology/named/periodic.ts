import { list } from '../../settings/kinds.js';
import { type NamedSpec, named } from '../../settings/named-modules.js';
import { type Required, required, type SettingOf } from '../../settings/setting.js';
import { defineSettings } from '../../settings/settings.js';
import { defineTopology, sequenceOf, topologies } from '../family.js';

/** Least common multiple; null when one of them never repeats. */
function commonPeriod(periods: readonly (number | null)[]): number | null {
  const divisor = (a: number, b: number): number => (b === 0 ? a : divisor(b, a % b));
  let common = 1;
  for (const period of periods) {
    if (period === null) return null;
    common *= period / divisor(common, period);
  }
  return common;
}

const graph = named(topologies, required, 'A graph') as SettingOf<NamedSpec<'topology'>, Required>;

export default defineTopology({
  name: 'periodic',
  summary: 'Several graphs in turn; together they must connect all clients',
  settings: defineSettings({ graphs: list(graph, required, 'The graphs', 1) }),
  create({ graphs }, clientCount, rng) {
    const members = graphs.map((spec, k) => sequenceOf(spec, clientCount, rng.derive('periodic', k)));
    return {
      period: commonPeriod([members.length, ...members.map(({ period }) => period)]),
      at: (round) => members[round % members.length]!.at(round),
    };
  },
});
