import { existsSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { Command, InvalidArgumentError } from 'commander';
import { createRunPath } from '../../coordinator/run-directory/run-path.js';
import { GradswarmError } from '../../protocol/errors.js';
import { isSweep } from '../../protocol/scenario/input.js';
import { resolveScenario } from '../../protocol/scenario/resolve.js';
import type { Assignment } from '../../protocol/scenario/set-path.js';
import { fetchRun } from '../remote-run/fetch-run.js';
import { withAssignments } from '../run/changed-settings.js';
import { interruptible } from '../run/interrupt.js';
import { loadScenario } from '../run/load.js';
import { finishedRun, loadCatalogue } from '../run/runtime.js';
import {
  coordinatorAddress,
  type Deployment,
  deploy,
  forget,
  recordedDeployment,
  stackName,
  tasksOf,
  tokenFileOf,
} from '../swarm/deployment.js';
import { docker } from '../swarm/docker.js';
import { followDeployment } from '../swarm/follow.js';
import { STATUS_HEADINGS, seatsOf, statusRows } from '../swarm/status.js';
import { EXIT } from './exit-status.js';
import { collectAssignments, portNumber, readToken, wholeNumber } from './options.js';
import { type Printing, printOutcome } from './outcome.js';
import { ProgressDisplay } from './progress-display.js';
import { PIPED_WIDTH, table } from './table.js';

interface UpFlags extends Printing {
  readonly workers: number;
  readonly name?: string;
  readonly image: string;
  readonly set?: readonly Assignment[];
  readonly port: number;
  readonly out?: string;
  readonly gpu?: boolean;
  readonly keep?: boolean;
  readonly tlsCert?: string;
  readonly tlsKey?: string;
  readonly tlsCa?: string;
}

interface NamedFlags {
  readonly tokenFile?: string;
}

const EXAMPLES = `
Ctrl-C detaches: the run continues; 'swarm attach' follows it again.

Examples:
  gradswarm swarm up quick-start --workers 3
  gradswarm swarm status quick-start
  gradswarm swarm scale quick-start 5
  gradswarm swarm down quick-start

Exit status of up and attach: that of the verdict, as of 'gradswarm run'; 130 detached.`;

const DETACHED = 130;

/** `gradswarm swarm`. */
export function swarmCommand(): Command {
  const command = new Command('swarm').description('run a scenario on a docker swarm').addHelpText('after', EXAMPLES);
  command
    .command('up')
    .description('deploy a coordinator and its workers, follow the run, fetch it and remove what was made')
    .argument('<scenario>', 'a name from the list, or a .ts, .js or .json file')
    .requiredOption('--workers <count>', 'worker containers, one a seat', wholeNumber(1))
    .option('--name <name>', "of the stack (default: the scenario's)", checkedName)
    .option('--image <image>', 'on every node', 'gradswarm:latest')
    .option('--set <path=value>', 'change one value of the scenario; repeatable', collectAssignments)
    .option('--port <port>', "of the coordinator's node", portNumber, 7700)
    .option('--gpu', 'one GPU for each worker (generic resource gpu)')
    .option(
      '--tls-cert <file>',
      'certificate chain of the coordinator, PEM; names coordinator and the address of its node',
    )
    .option('--tls-key <file>', 'its private key, PEM')
    .option('--tls-ca <file>', 'the authority that it is checked by, PEM')
    .option('--out <directory>', 'write the run here, not under runs/')
    .option('--keep', 'leave the stack and its volume as they are')
    .option('--json', 'print one JSON document and nothing else')
    .option('--quiet', 'print nothing but errors')
    .action(up);
  command
    .command('attach')
    .description('follow a run that was left with Ctrl-C')
    .argument('<name>', 'of the stack')
    .option('--out <directory>', 'write the run here, not under runs/')
    .option('--keep', 'leave the stack and its volume as they are')
    .option('--json', 'print one JSON document and nothing else')
    .option('--quiet', 'print nothing but errors')
    .action(async (name: string, flags: Pick<UpFlags, 'out' | 'keep' | 'json' | 'quiet'>) =>
      follow(recordedDeployment(name), flags),
    );
  command
    .command('status')
    .description('containers, seats and round in one table')
    .argument('<name>', 'of the stack')
    .option('--token-file <file>', "the run's token; left out: the one kept by 'up'")
    .option('--json', 'print one JSON document and nothing else')
    .action(status);
  command
    .command('logs')
    .description('what the coordinator, or one worker, printed')
    .argument('<name>', 'of the stack')
    .argument('[slot]', 'number of the worker, from 1; left out: the coordinator', wholeNumber(1))
    .option('--follow', 'continue as more is printed')
    .option('--json', 'print one JSON document for each line')
    .action(logs);
  command
    .command('scale')
    .description('start or stop workers; those above the number of seats wait as spares')
    .argument('<name>', 'of the stack')
    .argument('<count>', 'workers', wholeNumber(0))
    .option('--json', 'print one JSON document and nothing else')
    .action(scale);
  command
    .command('down')
    .description('stop the run with a checkpoint, fetch what there is, remove the stack')
    .argument('<name>', 'of the stack')
    .option('--out <directory>', 'write the run here, not under runs/')
    .option('--discard', 'fetch nothing, and remove the volume too')
    .option('--json', 'print one JSON document and nothing else')
    .action(down);
  return command;
}

function checkedName(text: string): string {
  if (stackName(text) === text) return text;
  throw new InvalidArgumentError(`Expected a name of a-z, 0-9 and '-', such as ${stackName(text)}, got '${text}'.`);
}

async function up(nameOrPath: string, flags: UpFlags): Promise<void> {
  const loaded = await loadScenario(nameOrPath);
  const assignments = [...(flags.set ?? []), { path: 'workers.count', value: flags.workers }];
  const input = withAssignments(loaded, assignments);
  if (isSweep(input))
    throw new GradswarmError('ERR_USAGE', `swarm up: expected a scenario, got the sweep '${nameOrPath}'`);
  const scenario = await resolveScenario(input, await loadCatalogue());
  const name = flags.name ?? stackName(scenario.name);
  const { image, workers, port, gpu = false } = flags;
  const deployment = await deploy(docker, scenario, { name, image, workers, port, gpu, tls: tlsOf(flags) });
  if (!flags.quiet) process.stderr.write(`${name}: deployed with ${workers} workers\n`);
  await follow(deployment, flags);
}

function tlsOf({ tlsCert: cert, tlsKey: key, tlsCa: ca }: UpFlags): Deployment['tls'] {
  if (cert === undefined && key === undefined && ca === undefined) return null;
  for (const [option, file] of Object.entries({ '--tls-cert': cert, '--tls-key': key, '--tls-ca': ca }))
    if (file === undefined || !existsSync(file))
      throw new GradswarmError('ERR_USAGE', `${option}: expected a file, got ${file ?? 'none'}; TLS needs all three`);
  return { cert: cert!, key: key!, ca: ca! };
}

async function follow(deployment: Deployment, flags: Pick<UpFlags, 'out' | 'keep' | 'json' | 'quiet'>): Promise<void> {
  const { name } = deployment;
  const token = readToken(tokenFileOf(name))!;
  const display = new ProgressDisplay({ points: 1 });
  const quiet = flags.quiet || flags.json;
  const silent = { start: () => {}, round: () => {}, note: () => {} };
  let address: Awaited<ReturnType<typeof followDeployment>>;
  try {
    address = await interruptible((signal) =>
      followDeployment(docker, deployment, token, quiet ? silent : display, signal),
    );
  } finally {
    display.stop();
  }
  if (!address) {
    process.stderr.write(`detached; the run continues: gradswarm swarm attach ${name}\n`);
    process.exitCode = DETACHED;
    return;
  }
  const path = flags.out ?? createRunPath('runs', name, new Date()).path;
  await fetchRun(address, path);
  if (!flags.keep) await remove(name, flags.quiet ?? false);
  printOutcome((await finishedRun(path)).outcome, flags);
}

/** The stack, its volume where it lies on this node, and what `up` kept. */
async function remove(name: string, quiet: boolean): Promise<void> {
  await docker.run(['stack', 'rm', name]);
  await gone(name);
  const left = await removedVolume(name);
  if (left && !quiet) process.stderr.write(`${left}\n`);
  forget(name);
}

const GONE_MS = 90_000;

/** Docker answers before it has stopped the containers. */
async function gone(name: string): Promise<void> {
  const filter = ['--filter', `label=com.docker.stack.namespace=${name}`];
  for (const until = performance.now() + GONE_MS; performance.now() < until; await sleep(500)) {
    const left = await Promise.all([
      docker.run(['ps', '--quiet', '--all', ...filter]),
      docker.run(['network', 'ls', '--quiet', ...filter]),
    ]);
    if (left.every((text) => text.trim() === '')) return;
  }
}

/** Null, or what is left and where. */
async function removedVolume(name: string): Promise<string | null> {
  const volume = `${name}_runs`;
  const found = await docker.run(['volume', 'ls', '--quiet', '--filter', `name=^${volume}$`]);
  if (found.trim() === '') return `the volume ${volume} is on the coordinator's node: docker volume rm ${volume}`;
  try {
    await docker.run(['volume', 'rm', volume]);
    return null;
  } catch (error) {
    return `the volume ${volume} is left: ${(error as Error).message}`;
  }
}

async function status(name: string, { tokenFile, json }: NamedFlags & Printing): Promise<void> {
  const deployment = recordedDeployment(name);
  const token = readToken(tokenFile ?? tokenFileOf(name))!;
  const tasks = [...(await tasksOf(docker, name, 'coordinator')), ...(await tasksOf(docker, name, 'worker'))];
  const seats = await seatsOf(await coordinatorAddress(docker, deployment, token)).catch(() => null);
  if (json) {
    process.stdout.write(`${JSON.stringify({ name, tasks, seats }, null, 2)}\n`);
    return;
  }
  const headline =
    seats === null
      ? 'the coordinator does not answer'
      : seats === 'over'
        ? 'the run is over'
        : `${seats.phase}, round ${seats.round}/${seats.rounds}, epoch ${seats.epoch}`;
  const rows = statusRows(tasks, seats);
  process.stdout.write(
    `${name}: ${headline}\n${table(STATUS_HEADINGS, rows, process.stdout.columns ?? PIPED_WIDTH)}\n`,
  );
}

async function scale(name: string, count: number, { json }: Printing): Promise<void> {
  await docker.run(['service', 'scale', '--detach', `${name}_worker=${count}`]);
  process.stdout.write(json ? `${JSON.stringify({ name, workers: count }, null, 2)}\n` : `${name}: ${count} workers\n`);
}

async function logs(
  name: string,
  slot: number | undefined,
  { follow, json }: Printing & { readonly follow?: boolean },
): Promise<void> {
  const flags = ['--raw', ...(follow ? ['--follow'] : [])];
  let target = `${name}_coordinator`;
  if (slot !== undefined) {
    const task = (await tasksOf(docker, name, 'worker')).find(({ Name }) => Name === `${name}_worker.${slot}`);
    if (!task) throw new GradswarmError('ERR_USAGE', `expected the number of a worker of ${name}, got ${slot}`);
    target = task.ID;
  }
  const from = slot === undefined ? 'coordinator' : `worker ${slot}`;
  const line = json ? (text: string) => process.stdout.write(`${JSON.stringify({ from, text })}\n`) : null;
  const status = await docker.show(['service', 'logs', ...flags, target], line);
  process.exitCode = status === 0 ? EXIT.valid : EXIT.unknown;
}

async function down(
  name: string,
  { out, discard, json }: Printing & { readonly out?: string; readonly discard?: boolean },
): Promise<void> {
  const deployment = recordedDeployment(name);
  const end = (fetched: string | null, volume: string | null, text: string): void => {
    process.stdout.write(json ? `${JSON.stringify({ name, fetched, volume }, null, 2)}\n` : `${name}: ${text}\n`);
  };
  if (discard) {
    await remove(name, false);
    return end(null, null, 'removed');
  }
  const path = out ?? createRunPath('runs', name, new Date()).path;
  const volume = `${name}_runs`;
  let fetched: string | null = null;
  try {
    await fetchRun(await coordinatorAddress(docker, deployment, readToken(tokenFileOf(name))!), path);
    fetched = path;
    if (!json) process.stdout.write(`${name}: fetched to ${path}\n`);
  } catch (error) {
    process.stderr.write(`${name}: nothing was fetched (${(error as Error).message}); the volume ${volume} has it\n`);
  }
  await docker.run(['stack', 'rm', name]);
  await gone(name);
  forget(name);
  end(fetched, volume, `removed; the volume ${volume} is left on its node`);
}
