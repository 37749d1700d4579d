import type { Scenario } from '../../protocol/scenario/scenario.js';
import { placeOfInitial } from '../../worker/initial-file.js';
import { loadUsed } from '../plug-ins/use.js';
import { mainThread } from './main-thread.js';
import type { SessionOptions } from './session-options.js';
import type { WorkerLauncher } from './worker-launcher.js';

/**
 * The worker processes of a run that starts its own: they open its problem while the coordinator does. Null: all computes in this process, or the
 * workers come from elsewhere. The caller stops them. Those in `processes` are used where they are as many; their owner stops them too.
 */
export async function earlyWorkers(
  scenario: Scenario,
  { fleet, listen, watcher, processes }: SessionOptions,
): Promise<WorkerLauncher | null> {
  const { count } = scenario.workers;
  if (fleet || listen || count === 0) return null;
  // They get the files of modules: the name of a package may mean nothing where they are started.
  const use = (await loadUsed(scenario.use)).map(({ file }) => file);
  const { LocalWorkers } = await import('./local-workers.js');
  const initial = scenario.initial ? placeOfInitial(scenario.initial) : null;
  const note = (text: string) => watcher?.note(text);
  const launcher = processes && processes.count === count ? processes : new LocalWorkers(note, null);
  if (launcher !== processes) launcher.begin?.(count);
  launcher.expect({ scenario, use, initial }, note);
  mainThread()?.post({ type: 'listens' });
  return launcher;
}
