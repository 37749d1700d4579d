import { lstatSync, readdirSync, rmdirSync, rmSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { findRuns } from './find-runs.js';
import type { Overview } from './overview.js';

/** Which runs are removed: those that every given condition names. */
export interface CleanOptions {
  /** Older than so many milliseconds. */
  readonly olderThanMs?: number;
  /** All but so many newest of each scenario. */
  readonly keep?: number;
  /** Not valid and unfinished ones alone. */
  readonly failed?: boolean;
}

/** Runs under a folder that `remove` would delete; a running one is never among them. */
export function runsToClean(root: string, { olderThanMs, keep = 0, failed }: CleanOptions, now: number): Overview[] {
  const newer = new Map<string, number>();
  return findRuns(root).filter((run) => {
    const before = newer.get(run.name) ?? 0;
    newer.set(run.name, before + 1);
    if (run.state === 'running' || before < keep) return false;
    if (olderThanMs !== undefined && now - Date.parse(run.startedAt) <= olderThanMs) return false;
    return !failed || run.valid !== true;
  });
}

/** Deletes the folders, those above that are empty then, and the link `latest` where it leads nowhere. */
export function remove(root: string, runs: readonly Overview[]): void {
  for (const { path } of runs) {
    rmSync(path, { recursive: true, force: true });
    if (dirname(path) !== root && readdirSync(dirname(path)).length === 0) rmdirSync(dirname(path));
  }
  const latest = join(root, 'latest');
  const isLink = lstatSync(latest, { throwIfNoEntry: false })?.isSymbolicLink();
  if (isLink && !statSync(latest, { throwIfNoEntry: false })) rmSync(latest);
}
