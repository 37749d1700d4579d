import { type ChildProcess, execFileSync, spawn, spawnSync } from 'node:child_process';
import { mkdirSync, openSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { packageRecord } from '../../../coordinator/run-directory/manifest.js';
import { temporaryFolder } from '../../support/scripted-run.js';
import { program } from '../debian.js';
import { STAND_IN_CHANGES, standInFor } from './base-image.js';

const READY_MS = 30_000;

/** Where an engine lives instead of this machine's own network: a network namespace and a name of its own. */
export interface Node {
  readonly namespace: string;
  readonly name: string;
}

/** A docker engine of the test's own, with its own folders and socket, that leaves no network rule behind. */
export class Engine {
  private daemon: ChildProcess | null = null;
  readonly folder = temporaryFolder();
  readonly socket = `unix://${join(this.folder, 'docker.sock')}`;

  private constructor(private readonly node: Node | null) {}

  /** Null, with the reason printed: the tests are skipped. */
  static async start(node: Node | null = null): Promise<Engine | null> {
    if (process.platform !== 'linux' || process.getuid?.() !== 0) {
      console.log('skipped: a docker engine needs Linux and root');
      return null;
    }
    if (!program('docker', 'docker.io') || !program('iptables', 'iptables', '/usr/sbin')) return null;
    const engine = new Engine(node);
    try {
      await engine.begin();
      return engine;
    } catch (error) {
      await engine.stop();
      console.log(`skipped: the docker engine does not start here: ${(error as Error).message}`);
      return null;
    }
  }

  private async begin(): Promise<void> {
    const own = (name: string): string => join(this.folder, name);
    writeFileSync(own('daemon.json'), '{}');
    const log = openSync(own('log'), 'w');
    const places = ['--data-root', own('root'), '--exec-root', own('exec'), '--pidfile', own('pid'), '-H', this.socket];
    const flags = ['--bridge=none', '--iptables=false', '--ip-forward=false'];
    const command = ['dockerd', '--config-file', own('daemon.json'), ...places, ...flags];
    const [name, ...args] = this.node ? inNode(this.node, own('cgroup'), command) : command;
    this.daemon = spawn(name!, args, { stdio: ['ignore', log, log], detached: true });
    for (const until = performance.now() + READY_MS; performance.now() < until; await sleep(200)) {
      if (this.daemon.exitCode !== null) break;
      if (spawnSync('docker', ['info'], { env: this.env }).status === 0) return;
    }
    throw new Error(readFileSync(own('log'), 'utf8').trim().split('\n').at(-1));
  }

  get env(): NodeJS.ProcessEnv {
    return { ...process.env, DOCKER_HOST: this.socket, DOCKER_BUILDKIT: '0' };
  }

  /** Runs the client; what it prints. */
  docker(...args: readonly string[]): string {
    return execFileSync('docker', args, {
      env: this.env,
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'pipe'],
      maxBuffer: 1 << 26,
    });
  }

  /** The shipped Dockerfile, unchanged, on a stand-in for its base. */
  build(tag: string, commit: string): void {
    const base = join(this.folder, 'base');
    mkdirSync(base);
    standInFor(base);
    const pack = join(this.folder, 'base.tar');
    execFileSync('tar', ['-C', base, '-cf', pack, '.']);
    this.docker('import', ...STAND_IN_CHANGES, pack, 'node:20-bookworm-slim');
    rmSync(base, { recursive: true });
    rmSync(pack);
    // This engine has no bridge.
    const target = ['--target', 'cpu', '--build-arg', `COMMIT=${commit}`];
    this.docker('build', '--network', 'host', ...target, '-t', tag, packageRecord().root);
  }

  /** Ends it, and what it has made in the system. */
  async stop(): Promise<void> {
    const { daemon } = this;
    if (daemon?.pid && daemon.exitCode === null) {
      if (!this.node) spawnSync('docker', ['swarm', 'leave', '--force'], { env: this.env, timeout: 30_000 });
      const ended = new Promise((resolve) => daemon.once('exit', resolve));
      daemon.kill('SIGTERM');
      await Promise.race([ended, sleep(30_000)]);
    }
    if (!this.node) spawnSync('ip', ['link', 'delete', 'docker_gwbridge']);
    for (const line of readFileSync('/proc/mounts', 'utf8').split('\n').reverse()) {
      const path = line.split(' ')[1];
      if (path?.startsWith(`${this.folder}/`)) spawnSync('umount', ['-l', path]);
    }
  }
}

/** `ip netns exec` mounts another /sys, and the engine then finds no control groups: they are put back. */
function inNode({ namespace, name }: Node, cgroup: string, command: readonly string[]): readonly string[] {
  mkdirSync(cgroup);
  const script = [
    'hostname "$1"; shift',
    'mount --rbind /sys/fs/cgroup "$1"; mount -t sysfs sysfs /sys; mount --rbind "$1" /sys/fs/cgroup; shift',
    'exec "$@"',
  ].join('\n');
  const inside = ['unshare', '--uts', '--mount', 'bash', '-c', script, 'bash', name, cgroup, ...command];
  return ['nsenter', `--net=/run/netns/${namespace}`, ...inside, '--cgroup-parent', `/${namespace}`];
}
