import { Command } from 'commander';
import { interruptible } from '../run/interrupt.js';
import { joinAsWorker } from '../run/runtime.js';
import { coordinatorUrl } from './options.js';

interface Flags {
  readonly join: string;
  readonly device?: string;
  readonly peerSockets: boolean;
  readonly quiet?: boolean;
}

/** `gradswarm worker`. */
export function workerCommand(): Command {
  return new Command('worker')
    .description('host clients for a coordinator until the run is over')
    .requiredOption('--join <url>', 'where the coordinator listens, such as ws://coordinator:7700', coordinatorUrl)
    .option('--device <name>', "compute device; left out: the scenario's")
    .option('--no-peer-sockets', 'speak to other workers through the coordinator only')
    .option('--quiet', 'print nothing but errors')
    .addHelpText('after', '\nExamples:\n  gradswarm worker --join ws://coordinator:7700')
    .action(({ join, device, peerSockets, quiet }: Flags) =>
      interruptible((signal) =>
        joinAsWorker(join, { device: device ?? null, peerSockets, quiet: quiet ?? false, signal }),
      ),
    );
}
