import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { GradswarmError } from '../../protocol/errors.js';
import { type Overview, overviewOf } from './overview.js';

/** `runs/<scenario>/<run>`, and `--out` folders somewhat deeper. */
const DEPTH = 4;

/** The runs and sweeps below a folder, newest first; points of a sweep are not listed. Damaged ones are left out. */
export function findRuns(root: string): readonly Overview[] {
  return foldersBelow(root, DEPTH)
    .flatMap(readable)
    .sort((a, b) => b.startedAt.localeCompare(a.startedAt));
}

function foldersBelow(folder: string, depth: number): string[] {
  if (!existsSync(folder)) return [];
  if (existsSync(join(folder, 'sweep.json')) || existsSync(join(folder, 'manifest.json'))) return [folder];
  if (depth === 0) return [];
  return readdirSync(folder, { withFileTypes: true })
    .filter((entry) => entry.isDirectory() && entry.name !== 'node_modules')
    .flatMap(({ name }) => foldersBelow(join(folder, name), depth - 1));
}

function readable(folder: string): Overview[] {
  try {
    return [overviewOf(folder)];
  } catch (error) {
    if (error instanceof GradswarmError) return [];
    throw error;
  }
}
