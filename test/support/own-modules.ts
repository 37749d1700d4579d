import { type SpawnSyncReturns, spawnSync } from 'node:child_process';
import { copyFileSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { temporaryFolder } from './scripted-run.js';

/** What is loaded stays in its process, so each of these has its own. */
export const CLI = fileURLToPath(new URL('../../scenarios/cli.js', import.meta.url));
export const EXAMPLES = fileURLToPath(new URL('../../../docs/examples/', import.meta.url));

export const SCENARIO = {
  method: { name: 'sign-vote', step: 0.02 },
  data: { name: 'gaussian-clusters', classes: 3, features: 5, examples: 200, testExamples: 50 },
  clients: 4,
  rounds: 4,
};

export function folderWith(files: Readonly<Record<string, unknown>>): string {
  const folder = temporaryFolder();
  copyFileSync(join(EXAMPLES, 'sign-vote.ts'), join(folder, 'sign-vote.ts'));
  for (const [name, content] of Object.entries(files))
    writeFileSync(join(folder, name), typeof content === 'string' ? content : JSON.stringify(content));
  return folder;
}

/** In another folder than the scenario's, so that paths must be its own. */
export function gradswarm(folder: string, ...args: string[]): SpawnSyncReturns<string> {
  const elsewhere = join(folder, 'elsewhere');
  mkdirSync(elsewhere, { recursive: true });
  return spawnSync(process.execPath, [CLI, ...args], { cwd: elsewhere, encoding: 'utf8' });
}

export const stateOf = ({ stdout, stderr }: SpawnSyncReturns<string>): string =>
  /state ([\da-f]{64})/.exec(stdout)?.[1] ?? `no state: ${stdout}${stderr}`;

export const record = (folder: string, name: string, file: string): Record<string, unknown> =>
  JSON.parse(readFileSync(join(folder, 'elsewhere', name, file), 'utf8'));
