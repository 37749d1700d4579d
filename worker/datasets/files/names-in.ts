import { readdirSync } from 'node:fs';

/** Names in a folder, sorted, without hidden ones: file managers and version control leave theirs among data. */
export function namesIn(folder: string): readonly string[] {
  return readdirSync(folder)
    .filter((name) => !name.startsWith('.'))
    .sort();
}
