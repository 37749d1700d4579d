import { join, posix, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { packageRecord } from '../../coordinator/run-directory/manifest.js';
import { EXTENSION_POINTS } from '../plug-ins/extension-points.js';
import { moduleNames } from '../run/module-folder.js';

/** The file of the sources that gives editors the settings of everything built in; `npm run docs` writes it. */
export const BUILT_IN_NAMES = join(packageRecord().root, 'scenarios', 'api', 'parts', 'built-in-names.ts');

/** Names of the interfaces, by kind. */
const PLURAL: Readonly<Record<string, string>> = {
  method: 'Methods',
  objective: 'Objectives',
  layer: 'Layers',
  dataset: 'Datasets',
  partition: 'Partitions',
  topology: 'Topologies',
  codec: 'Codecs',
  memory: 'Memories',
  optimizer: 'Optimizers',
  schedule: 'Schedules',
  aggregator: 'Aggregators',
  attack: 'Attacks',
  fault: 'Faults',
  selection: 'Selections',
  probe: 'Probes',
  study: 'Studies',
  expectation: 'Expectations',
};

/** Everything built in with the type of its settings, kind by kind. */
export async function builtInTypes(): Promise<string> {
  const interfaces: string[] = [];
  // Compiled and source folders have the same paths from their roots.
  const root = fileURLToPath(new URL('../../', import.meta.url));
  for (const point of EXTENSION_POINTS) {
    const lines: string[] = [];
    for (const folder of point.folders)
      for (const name of moduleNames(folder)) {
        if (!(await point.load(name))) continue;
        const path = posix.join('../../..', relative(root, fileURLToPath(folder)).replaceAll('\\', '/'), `${name}.js`);
        lines.push(`  readonly '${name}': SettingsIn<typeof import('${path}').default>;`);
      }
    interfaces.push(`export interface BuiltIn${PLURAL[point.kind]} {\n${lines.sort().join('\n')}\n}\n`);
  }
  const heading = "// Written by 'npm run docs' from the folders of everything that a scenario can name.";
  return `${heading}\nimport type { SettingsIn } from './settings-in.js';\n\n${interfaces.join('\n')}`;
}
