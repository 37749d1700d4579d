import type { Scenario } from '../../protocol/scenario/scenario.js';
import { placeOfInitial } from '../../worker/initial-file.js';
import { loadUsed } from '../plug-ins/use.js';
import type { WorkerLauncher } from './local-workers.js';
import { mainThread } from './main-thread.js';
import type { SessionOptions } from './session-options.js';

/**
 * The worker processes of a run that starts its own: they open its problem while the coordinator does. Null: all computes in this process, or the
 * workers come from elsewhere. The caller stops them.
 */
export async function earlyWorkers(
  scenario: Scenario,
  { fleet, listen, watcher }: SessionOptions,
): Promise<WorkerLauncher | null> {
  const { count } = scenario.workers;
  if (fleet || listen || count === 0) return null;
  // They get the files of modules: the name of a package may mean nothing where they are started.
  const use = (await loadUsed(scenario.use)).map(({ file }) => file);
  const { LocalWorkers } = await import('./local-workers.js');
  const initial = scenario.initial ? placeOfInitial(scenario.initial) : null;
  const launcher = new LocalWorkers((text) => watcher?.note(text), { scenario, use, initial });
  launcher.begin(count);
  mainThread()?.post({ type: 'listens' });
  return launcher;
}
