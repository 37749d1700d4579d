import { aggregators } from '../../protocol/aggregators/parts/chain.js';
import { attacks } from '../../protocol/attacks/parts/load-attack.js';
import { codecs, memories } from '../../protocol/codecs/registry.js';
import { faults } from '../../protocol/faults/parts/load-fault.js';
import { methods } from '../../protocol/method-loader.js';
import { optimizers } from '../../protocol/optimizers/load-optimizer.js';
import { probes } from '../../protocol/probe-loader.js';
import type { ExpectationFamily } from '../../protocol/scenario/expectation.js';
import { schedules } from '../../protocol/schedules/schedule.js';
import { selections } from '../../protocol/selection/parts/load-selection.js';
import type { ExtensionKind } from '../../protocol/settings/extension.js';
import { NamedModules } from '../../protocol/settings/named-modules.js';
import { topologies } from '../../protocol/topology/family.js';
import { datasets } from '../../worker/datasets/load.js';
import { partitions } from '../../worker/datasets/partition/partition.js';
import { layers } from '../../worker/objectives/layers/parts/layer.js';
import { objectives } from '../../worker/objectives/objectives.js';
import { moduleNames } from '../run/module-folder.js';
import { studies } from '../run/study.js';

export const expectations = new NamedModules<ExpectationFamily>('expectation', 'an expectation', [
  new URL('../../protocol/scenario/expectations/', import.meta.url),
]);

/** Everything that a scenario can name, by kind. */
export const EXTENSION_POINTS = [
  methods,
  objectives,
  layers,
  datasets,
  partitions,
  topologies,
  codecs,
  memories,
  optimizers,
  schedules,
  aggregators,
  attacks,
  faults,
  selections,
  probes,
  studies,
  expectations,
] as const;

/** undefined: things of that kind cannot be added. */
export function extensionPoint(kind: ExtensionKind): (typeof EXTENSION_POINTS)[number] | undefined {
  return EXTENSION_POINTS.find((modules) => modules.kind === kind);
}

/** Names of what comes with the package. */
export function builtInNames(modules: Pick<NamedModules<never>, 'folders'>): readonly string[] {
  return modules.folders.flatMap((folder) => moduleNames(folder)).sort();
}

/** Everything of a kind, built in or loaded since, with a line of what it is. */
export async function thingsOf(
  kind: ExtensionKind,
): Promise<readonly { readonly name: string; readonly summary: string }[]> {
  const point = extensionPoint(kind)!;
  await point.loadAll(builtInNames(point));
  return point.names().map((name) => {
    const thing = point.get(name) as { summary?: string; source?: string; paper?: { title: string } };
    return { name, summary: thing.summary ?? thing.paper?.title ?? thing.source ?? '' };
  });
}
