import { type ChildProcess, spawn } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { ScenarioInput } from '../../protocol/scenario/input.js';
import { SERVED } from '../../scenarios/conformance/script/scenario.js';
import { temporaryFolder } from './scripted-run.js';

const CLI = fileURLToPath(new URL('../../scenarios/cli.js', import.meta.url));
const TOKEN = 'the token of a served run';

export interface Served {
  readonly url: string;
  readonly token: string;
  readonly child: ChildProcess;
}

function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer().on('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const { port } = server.address() as { port: number };
      server.close(() => resolve(port));
    });
  });
}

/** `gradswarm serve` of a scenario of the conformance kit, once it waits for its worker; it stays after the run. The caller ends the process. */
export async function served(scenario: ScenarioInput = SERVED): Promise<Served> {
  const folder = temporaryFolder();
  writeFileSync(join(folder, 'conformance.json'), JSON.stringify(scenario));
  const address = `127.0.0.1:${await freePort()}`;
  const args = [
    CLI,
    'serve',
    'conformance.json',
    '--workers',
    '1',
    '--listen',
    address,
    '--out',
    'out',
    '--linger',
    '60',
  ];
  const child = spawn(process.execPath, args, { cwd: folder, env: { ...process.env, GRADSWARM_TOKEN: TOKEN } });
  await new Promise<void>((resolve, reject) => {
    let errors = '';
    child.stderr.on('data', (part) => {
      errors += part;
      if (errors.includes('waiting for')) resolve();
    });
    child.once('close', () => reject(new Error(`the coordinator ended: ${errors}`)));
    child.stdout.resume();
  });
  return { url: `ws://${address}`, token: TOKEN, child };
}
