import { Command } from 'commander';
import { interruptible } from '../run/interrupt.js';
import { joinAsWorker } from '../run/runtime.js';
import { coordinatorUrl, hostAndPort, portNumber } from './options.js';

interface Flags {
  readonly join: string;
  readonly device?: string;
  readonly peerSockets: boolean;
  readonly peerPort: number;
  readonly advertise?: { readonly host: string; readonly port: number | null };
  readonly quiet?: boolean;
}

const EXAMPLES = `
Workers listen for each other only in methods whose clients send to clients, on the interface that leads to the coordinator.

Examples:
  gradswarm worker --join ws://coordinator:7700
  gradswarm worker --join ws://coordinator:7700 --peer-port 7701 --advertise site-a.example:7701`;

/** `gradswarm worker`. */
export function workerCommand(): Command {
  return new Command('worker')
    .description('host clients for a coordinator until the run is over')
    .requiredOption('--join <url>', 'where the coordinator listens, such as ws://coordinator:7700', coordinatorUrl)
    .option('--device <name>', "compute device; left out: the scenario's")
    .option('--no-peer-sockets', 'reach other workers through the coordinator only')
    .option('--peer-port <port>', 'listen here for other workers; 0: any port that is free', portNumber, 0)
    .option('--advertise <host[:port]>', 'where other workers reach this one, when not at its own address', hostAndPort)
    .option('--quiet', 'print nothing but errors')
    .addHelpText('after', EXAMPLES)
    .action(({ join, device, peerSockets, peerPort, advertise, quiet }: Flags) =>
      interruptible((signal) =>
        joinAsWorker(join, {
          device: device ?? null,
          peers: peerSockets ? { port: peerPort, advertise: advertise ?? null } : null,
          quiet: quiet ?? false,
          signal,
        }),
      ),
    );
}
