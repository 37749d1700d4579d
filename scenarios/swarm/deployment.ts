import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { jsonText } from '../../coordinator/run-directory/atomic-file.js';
import { packageRecord } from '../../coordinator/run-directory/manifest.js';
import { safeName } from '../../coordinator/run-directory/run-path.js';
import { GradswarmError } from '../../protocol/errors.js';
import type { Scenario } from '../../protocol/scenario/scenario.js';
import type { CoordinatorAddress } from '../remote-run/coordinator-address.js';
import { keptToken } from '../run/token.js';
import { type Docker, jsonLines } from './docker.js';

/** The node that has it hosts the coordinator, and with it the volume of the run. */
const LABEL = 'gradswarm.coordinator';

/** Longest name of a stack: docker puts more behind it. */
const LONGEST_NAME = 40;

/** PEM files. */
export interface StackTls {
  readonly cert: string;
  readonly key: string;
  readonly ca: string;
}

export interface StackOptions {
  /** Of the stack. */
  readonly name: string;
  readonly image: string;
  readonly workers: number;
  /** On the coordinator's node. */
  readonly port: number;
  readonly gpu: boolean;
  readonly tls: StackTls | null;
}

/** A deployed run: what is needed to find it again. Kept in runs/swarm/NAME/. */
export interface Deployment extends StackOptions {
  readonly rounds: number;
}

/** A stack's name from a scenario's. */
export function stackName(text: string): string {
  const name = safeName(text)
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '-')
    .replace(/^-+|-+$/g, '');
  return name.slice(0, LONGEST_NAME).replace(/-+$/, '') || 'run';
}

function folderOf(name: string): string {
  return join('runs', 'swarm', name);
}

export function tokenFileOf(name: string): string {
  return join(folderOf(name), 'token');
}

/** Throws ERR_USAGE when no stack of this name was deployed from this folder. */
export function recordedDeployment(name: string): Deployment {
  const file = join(folderOf(name), 'deployment.json');
  if (!existsSync(file))
    throw new GradswarmError(
      'ERR_USAGE',
      `expected the name of a run that 'swarm up' started from here, got '${name}' (${file} is not there)`,
    );
  try {
    return JSON.parse(readFileSync(file, 'utf8')) as Deployment;
  } catch (cause) {
    throw new GradswarmError(
      'ERR_USAGE',
      `${file}: expected the record of a deployment, got a damaged file; 'docker stack rm ${name}' removes the stack`,
      { cause },
    );
  }
}

export function forget(name: string): void {
  rmSync(folderOf(name), { recursive: true, force: true });
}

/**
 * Deploys the scenario as a stack. All that can be wrong is found before anything is made. Throws ERR_DOCKER, ERR_USAGE.
 */
export async function deploy(docker: Docker, scenario: Scenario, options: StackOptions): Promise<Deployment> {
  const { name, image, tls, gpu } = options;
  await checkSwarm(docker);
  await checkFree(docker, name);
  await checkImage(docker, image);
  await labelledNode(docker);
  const folder = folderOf(name);
  mkdirSync(folder, { recursive: true });
  const scenarioFile = join(folder, 'scenario.json');
  writeFileSync(scenarioFile, `${jsonText(scenario, 2)}\n`);
  keptToken(tokenFileOf(name));
  const files = ['stack.yaml', ...(tls ? ['stack.tls.yaml'] : []), ...(gpu ? ['stack.gpu.yaml'] : [])];
  const stackFiles = files.flatMap((file) => ['-c', join(packageRecord().root, 'scenarios', 'swarm', file)]);
  const deployment: Deployment = { ...options, rounds: scenario.rounds };
  writeFileSync(join(folder, 'deployment.json'), `${JSON.stringify(deployment, null, 2)}\n`);
  // Of the image that is here: asking a registry takes long where there is none.
  await docker.run(['stack', 'deploy', '--resolve-image', 'never', ...stackFiles, name], {
    variables: {
      GRADSWARM_IMAGE: image,
      // Docker takes a relative path from the stack file's folder.
      GRADSWARM_SCENARIO: resolve(scenarioFile),
      GRADSWARM_TOKEN_FILE: resolve(tokenFileOf(name)),
      GRADSWARM_WORKERS: String(options.workers),
      GRADSWARM_PORT: String(options.port),
      ...(tls && {
        GRADSWARM_TLS_CERT: resolve(tls.cert),
        GRADSWARM_TLS_KEY: resolve(tls.key),
        GRADSWARM_TLS_CA: resolve(tls.ca),
      }),
    },
  });
  return deployment;
}

async function checkSwarm(docker: Docker): Promise<void> {
  const [state] = (
    await docker.run(['info', '--format', '{{.Swarm.LocalNodeState}} {{.Swarm.ControlAvailable}}'])
  ).split('\n');
  if (state === 'active true') return;
  const got = state?.startsWith('active') ? 'a worker node of one' : 'a docker engine that is in none';
  throw new GradswarmError(
    'ERR_DOCKER',
    `expected a manager of a swarm, got ${got}; see 'docker swarm init' and 'docker node promote'`,
  );
}

async function checkFree(docker: Docker, name: string): Promise<void> {
  const stacks = jsonLines<{ readonly Name: string }>(await docker.run(['stack', 'ls', '--format', '{{json .}}']));
  if (stacks.some(({ Name }) => Name === name))
    throw new GradswarmError(
      'ERR_USAGE',
      `expected a new name, got '${name}', which is running; see 'gradswarm swarm status ${name}', or give another --name`,
    );
}

async function checkImage(docker: Docker, image: string): Promise<void> {
  const { length } = (await docker.run(['image', 'ls', '--quiet', image])).trim();
  if (length === 0)
    throw new GradswarmError(
      'ERR_DOCKER',
      `expected an image that this node has, got ${image}; 'docker build --target cpu -t ${image} .' makes it, and every node needs it`,
    );
}

/** The node of the coordinator: the one that has the label; else this one gets it. */
async function labelledNode(docker: Docker): Promise<void> {
  const labelled = await docker.run(['node', 'ls', '--quiet', '--filter', `node.label=${LABEL}=true`]);
  if (labelled.trim() !== '') return;
  const own = (await docker.run(['info', '--format', '{{.Swarm.NodeID}}'])).trim();
  await docker.run(['node', 'update', '--label-add', `${LABEL}=true`, own]);
}

/** Where the coordinator of a stack listens, seen from here. Throws ERR_DOCKER while it has no node. */
export async function coordinatorAddress(
  docker: Docker,
  { name, port, tls }: Pick<Deployment, 'name' | 'port' | 'tls'>,
  token: string,
): Promise<CoordinatorAddress> {
  const { Node: node } =
    (await tasksOf(docker, name, 'coordinator')).find(({ DesiredState }) => DesiredState === 'Running') ?? {};
  if (!node) throw new GradswarmError('ERR_DOCKER', `${name}: the coordinator is on no node`);
  const [own] = (await docker.run(['info', '--format', '{{.Name}}'])).split('\n');
  const [address] = (await docker.run(['node', 'inspect', '--format', '{{.Status.Addr}}', node])).split('\n');
  const host = node === own ? '127.0.0.1' : address!;
  return {
    url: `${tls ? 'wss' : 'ws'}://${host}:${port}`,
    token,
    trust: { ca: tls ? readFileSync(tls.ca, 'utf8') : null },
  };
}

/** One container that docker started, or is to start. */
export interface Task {
  readonly ID: string;
  /** SERVICE.SLOT */
  readonly Name: string;
  readonly Node: string;
  readonly DesiredState: string;
  readonly CurrentState: string;
  readonly Error: string;
}

/** Newest first. */
export async function tasksOf(
  docker: Docker,
  name: string,
  service: 'coordinator' | 'worker',
): Promise<readonly Task[]> {
  return jsonLines<Task>(
    await docker.run(['service', 'ps', '--no-trunc', '--format', '{{json .}}', `${name}_${service}`]),
  );
}
