import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** The device that computed, and whether it gave the same bits twice. */
export interface DeviceRecord {
  readonly backend: string;
  readonly device: string;
  readonly selfCheck: { readonly passed: boolean; readonly detail: string };
}

/** What only the caller knows when a run begins. */
export interface RunSetting {
  readonly seed: number;
  readonly transport: string;
  readonly precision?: string;
  /** One entry a kind of device that took part. */
  readonly devices?: readonly DeviceRecord[];
}

/** manifest.json: the origin of the numbers, enough to decide whether another run should have equal ones. */
export interface Manifest extends Partial<RunSetting> {
  readonly format: 1;
  /** Unique; a checkpoint belongs to the run of this name only. */
  readonly runId: string;
  readonly scenarioName: string;
  readonly package: { readonly name: string; readonly version: string };
  /** Commit of the checkout, with `+changes` when files differ from it; null outside a checkout. */
  readonly commit: string | null;
  readonly nodeVersion: string;
  readonly platform: string;
  /** SHA-256 of the data, the partition and the initial parameters. Left out by runs of older versions. */
  readonly read?: { readonly data: string; readonly partition: string; readonly initialParameters: string };
  /** Held-out examples of the whole run. Left out by runs of older versions. */
  readonly testExamples?: number;
  /** How many of the clients are edge servers. Left out: none. */
  readonly edgeServers?: number;
  /** The modules of one's own that were loaded: what each defines, such as 'method sign-vote'. Left out: none. */
  readonly use?: readonly { readonly module: string; readonly sha256: string; readonly provides: readonly string[] }[];
  /** The saved parameters that the run began with. Left out: the model's own. */
  readonly initial?: { readonly file: string; readonly sha256: string };
  /** CSV files of the traces that its faults followed. Left out: none. */
  readonly traces?: readonly { readonly file: string; readonly sha256: string }[];
  /** How many rounds the run had before it was extended, and the SHA-256 of its scenario.json then. */
  readonly extended?: readonly { readonly at: string; readonly rounds: number; readonly scenarioSha256: string }[];
  /** What was decided while the data was read, one sentence each: header, types of columns, rows left out, split. */
  readonly decisions?: readonly string[];
  /** ISO 8601, UTC. */
  readonly startedAt: string;
  readonly resumedAt: readonly string[];
  readonly finishedAt: string | null;
  readonly roundsDone: number | null;
  /** Clients whose worker was lost and did not return: the digest does not cover them. */
  readonly lostClients: readonly number[];
  /** Why nothing that the run released is private, although epsilon is accounted. Left out: it is, or nothing was released. */
  readonly notPrivate?: string;
  /** ledger.jsonl has each attempt with secure noise from before it began. Left out by runs of older versions. */
  readonly attempts?: 'recorded';
  /** SHA-256 over every party's final state (see digest.ts); null when unfinished or not finite. */
  readonly stateDigest: string | null;
}

/** Asked once a process: a sweep makes hundreds of manifests. */
let commit: { readonly name: string | null } | undefined;

export function newManifest(runId: string, scenarioName: string, startedAt: Date, setting?: RunSetting): Manifest {
  const { name, version, root } = packageRecord();
  return {
    format: 1,
    runId,
    scenarioName,
    package: { name, version },
    commit: (commit ??= { name: gitCommit(root) }).name,
    nodeVersion: process.version,
    platform: `${process.platform}-${process.arch}`,
    ...setting,
    attempts: 'recorded',
    startedAt: startedAt.toISOString(),
    resumedAt: [],
    finishedAt: null,
    roundsDone: null,
    lostClients: [],
    stateDigest: null,
  };
}

/** Name and version of this package, and its folder. */
export function packageRecord(): { readonly name: string; readonly version: string; readonly root: string } {
  const root = packageRoot();
  const { name, version } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
  return { name, version, root };
}

/** The nearest folder above this file that has a package.json: the package, whether compiled or run from source. */
function packageRoot(): string {
  let folder = dirname(fileURLToPath(import.meta.url));
  while (!existsSync(join(folder, 'package.json'))) folder = dirname(folder);
  return folder;
}

function gitCommit(root: string): string | null {
  // An image is built from a checkout that it does not hold.
  if (process.env.GRADSWARM_COMMIT) return process.env.GRADSWARM_COMMIT;
  // Installed from the registry inside another repository, git would name that repository's commit.
  if (!existsSync(join(root, '.git'))) return null;
  const options = ['--always', '--exclude=*', '--abbrev=40', '--dirty=+changes'];
  const { status, stdout } = spawnSync('git', ['describe', ...options], { cwd: root, encoding: 'utf8' });
  return status === 0 ? stdout.trim() : null;
}
