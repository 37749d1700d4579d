import { type ChildProcess, execFileSync, spawn, spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect } from 'chai';
import { packageRecord } from '../../../coordinator/run-directory/manifest.js';
import { temporaryFolder } from '../../support/scripted-run.js';
import { Engine } from './engine.js';
import { imageArchive } from './image.js';

const CLI = join(packageRecord().root, 'dist', 'scenarios', 'cli.js');
/** The longest cut; the heartbeat is 20 s. */
const LONG_MS = process.env.GRADSWARM_SOAK ? 120_000 : 30_000;

const BRIDGE = 'gsbridge';
const NODES = [1, 2, 3] as const;
const namespaceOf = (node: number): string => `gsnode${node}`;
const linkOf = (node: number): string => `gslink${node}`;
const addressOf = (node: number): string => `10.77.31.${node}`;

const scenario = {
  name: 'cuts',
  method: { name: 'gradient-tracking', stepSize: 0.0005 },
  objective: { name: 'quadratic', dimension: 20 },
  data: 'none',
  clients: 6,
  // More than pass while a node is away: another takes its seat, and the run continues.
  rounds: 0.4 * LONG_MS,
  precision: 'float64',
  topology: { name: 'ring' },
  seed: 3,
  evaluation: { everyRounds: 200 },
  workers: { heartbeatMs: 20_000, joinTimeoutMs: 300_000 },
};

const ip = (...args: readonly string[]): number | null => spawnSync('ip', args).status;

/** Three machines on one switch, as far as a network is concerned. */
function makeNetwork(): boolean {
  if (ip('link', 'add', BRIDGE, 'type', 'bridge') !== 0) return false;
  ip('link', 'set', BRIDGE, 'up');
  for (const node of NODES) {
    const [namespace, link] = [namespaceOf(node), linkOf(node)];
    if (ip('netns', 'add', namespace) !== 0) return false;
    ip('link', 'add', link, 'type', 'veth', 'peer', 'name', 'eth0', 'netns', namespace);
    ip('link', 'set', link, 'master', BRIDGE, 'up');
    ip('-n', namespace, 'address', 'add', `${addressOf(node)}/24`, 'dev', 'eth0');
    ip('-n', namespace, 'link', 'set', 'eth0', 'up');
    ip('-n', namespace, 'link', 'set', 'lo', 'up');
    ip('-n', namespace, 'route', 'add', 'default', 'via', addressOf(254));
  }
  return true;
}

function removeNetwork(): void {
  for (const node of NODES) {
    ip('netns', 'delete', namespaceOf(node));
    ip('link', 'delete', linkOf(node));
  }
  ip('link', 'delete', BRIDGE);
}

describe('a docker swarm of three nodes, in network namespaces', function () {
  this.timeout(1_200_000);
  const engines: Engine[] = [];
  const folder = temporaryFolder();
  const file = join(folder, 'cuts.json');
  let up: ChildProcess | null = null;

  before(async function () {
    const image = await imageArchive();
    if (!image) return this.skip();
    if (!makeNetwork()) {
      console.log('skipped: network namespaces are refused here');
      return this.skip();
    }
    for (const node of NODES) {
      const engine = await Engine.start({ namespace: namespaceOf(node), name: `node${node}` });
      if (!engine) return this.skip();
      engines.push(engine);
      engine.docker('load', '--quiet', '-i', image);
    }
    engines[0]!.docker('swarm', 'init', '--advertise-addr', addressOf(1));
    const token = engines[0]!.docker('swarm', 'join-token', '--quiet', 'worker').trim();
    for (const engine of engines.slice(1)) engine.docker('swarm', 'join', '--token', token, `${addressOf(1)}:2377`);
    writeFileSync(file, JSON.stringify(scenario));
  });
  after(async () => {
    up?.kill('SIGKILL');
    await Promise.all(engines.map((engine) => engine.stop()));
    removeNetwork();
  });

  it('a node cut for 5 s and for longer than the heartbeat, a path between two workers cut, a node drained, the coordinator’s node cut: the undisturbed digest', async () => {
    const args = ['run', file, '--workers', '0', '--json', '--out', join(folder, 'alone')];
    const { stateDigest } = JSON.parse(
      execFileSync(process.execPath, [CLI, ...args], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] }),
    );
    const enter = [`--net=/run/netns/${namespaceOf(1)}`, process.execPath, CLI];
    up = spawn('nsenter', [...enter, 'swarm', 'up', file, '--workers', '3'], { cwd: folder, env: engines[0]!.env });
    let [out, err, over] = ['', '', false];
    up.stdout!.setEncoding('utf8').on('data', (text: string) => {
      out += text;
    });
    up.stderr!.setEncoding('utf8').on('data', (text: string) => {
      err += text;
    });
    const ended = new Promise<number | null>((resolve) => up!.once('close', resolve));
    void ended.then(() => {
      over = true;
    });
    const round = () => Number(/.*round (\d+)\//s.exec(err)?.[1] ?? 0);
    const further = async (by: number) => {
      const from = round();
      while (round() < from + by && !over) await sleep(200);
      expect(over, err).to.equal(false);
    };
    const cut = async (node: number, ms: number) => {
      ip('link', 'set', linkOf(node), 'down');
      await sleep(ms);
      ip('link', 'set', linkOf(node), 'up');
    };
    const path = (change: '-A' | '-D') =>
      spawnSync('nsenter', [
        `--net=/run/netns/${namespaceOf(2)}`,
        ...['iptables', change, 'INPUT', '-s', addressOf(3), '-j', 'DROP'],
      ]);
    await further(300);
    await cut(3, 5000);
    await further(300);
    await cut(3, LONG_MS);
    await further(300);
    path('-A');
    await sleep(15_000);
    path('-D');
    await further(300);
    const availability = (state: string) => engines[0]!.docker('node', 'update', '--availability', state, 'node2');
    availability('drain');
    await further(300);
    const running = ['node', 'ps', 'node2', '--filter', 'desired-state=running', '--format', '{{.Name}}'];
    expect(engines[0]!.docker(...running).trim()).to.equal('');
    availability('active');
    await further(300);
    await cut(1, 10_000);
    const status = await ended;
    expect(status, err).to.equal(0);
    expect(out).to.include(`VALID  state ${stateDigest}`);
  });
});
