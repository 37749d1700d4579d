import { Command } from 'commander';
import { mainThread } from '../run/main-thread.js';
import type { WorkerOptions } from '../run/run.js';
import { inThread } from './compute-thread.js';
import {
  absolutePath,
  collectModules,
  coordinatorUrl,
  hostAndPort,
  portNumber,
  readKeys,
  readText,
  requiredToken,
  USE_MEANING,
  wholeNumber,
} from './options.js';

interface Flags {
  readonly join: string;
  readonly device?: string;
  readonly use?: readonly string[];
  readonly initial?: string;
  readonly peerSockets: boolean;
  readonly peerPort: number;
  readonly advertise?: { readonly host: string; readonly port: number | null };
  readonly name?: string;
  readonly slot?: number;
  readonly retryFor: number;
  readonly tokenFile?: string;
  readonly tlsCert?: string;
  readonly tlsKey?: string;
  readonly tlsCa?: string;
  readonly metricsPort?: number;
  readonly quiet?: boolean;
  readonly json?: boolean;
}

const EXAMPLES = `
Workers listen for each other only in methods whose clients send to clients, on the interface that leads to the coordinator.

A worker may be started before the coordinator, and stays when the coordinator is started again.

Exit status: 0 the run is over, or the worker was asked to leave; 75 no coordinator within --retry-for, try again; 3 this worker is
not wanted (another token or version, other data) and trying again would not help.

Examples:
  gradswarm worker --join ws://coordinator:7700                  with the token in GRADSWARM_TOKEN
  gradswarm worker --join wss://coordinator:7700 --token-file token.txt --tls-ca ca.pem
  gradswarm worker --join ws://coordinator:7700 --use ./sign-vote.ts    its own copy of the scenario's module
  gradswarm worker --join ws://coordinator:7700 --peer-port 7701 --advertise site-a.example:7701`;

/** `gradswarm worker`. */
export function workerCommand(): Command {
  return new Command('worker')
    .description('host clients for a coordinator until the run is over')
    .requiredOption('--join <url>', 'where the coordinator listens, such as ws://coordinator:7700', coordinatorUrl)
    .option('--device <name>', "compute device; auto: the fastest here, measured; left out: the run's")
    .option('--use <module>', USE_MEANING, collectModules)
    .option('--initial <file>', "its own copy of the scenario's saved parameters", absolutePath)
    .option('--no-peer-sockets', 'reach other workers through the coordinator only')
    .option('--peer-port <port>', 'listen here for other workers; 0: any port that is free', portNumber, 0)
    .option('--advertise <host[:port]>', 'where other workers reach this one, when not at its own address', hostAndPort)
    .option(
      '--name <name>',
      "what it is called: a worker started again takes the seat last held under its name (default: the host's name)",
    )
    .option('--slot <number>', 'the seat to take, from 0; left out: any', wholeNumber(0))
    .option('--retry-for <seconds>', 'how long to look for a coordinator that is not there', wholeNumber(0), 3600)
    .option('--token-file <file>', "the run's token; left out: GRADSWARM_TOKEN")
    .option('--tls-ca <file>', 'authorities that the coordinator and other workers are checked by, PEM')
    .option('--tls-cert <file>', 'certificate chain of this worker, PEM: where it listens for other workers')
    .option('--tls-key <file>', 'its private key, PEM')
    .option('--metrics-port <port>', 'serve /metrics for Prometheus on this port of the loopback; 0: any', portNumber)
    .option('--quiet', 'print nothing but errors')
    .option('--json', 'print at the end one JSON document, how it ended')
    .addHelpText('after', EXAMPLES)
    .action(inThread(join, 'left'));
}

async function join(flags: Flags): Promise<void> {
  if (flags.metricsPort !== undefined) mainThread()?.post({ type: 'metrics', port: flags.metricsPort });
  const { hostClients } = await import('./host-clients.js');
  await hostClients(flags.join, (signal) => optionsOf(flags, signal), flags.json);
}

function optionsOf(flags: Flags, signal: AbortSignal): WorkerOptions {
  const { device, use, initial, peerSockets, peerPort, advertise, name, slot, retryFor, tokenFile, tlsCa, quiet } =
    flags;
  const token = requiredToken(tokenFile);
  return {
    device: device ?? null,
    ...(use && { use }),
    ...(initial !== undefined && { initial }),
    peers: peerSockets ? { port: peerPort, advertise: advertise ?? null, tls: readKeys(flags) } : null,
    token,
    trust: { ca: tlsCa === undefined ? null : readText(tlsCa, '--tls-ca') },
    ...(name !== undefined && { name }),
    ...(slot !== undefined && { seat: slot }),
    retryForMs: 1000 * retryFor,
    quiet: quiet ?? false,
    signal,
  };
}
