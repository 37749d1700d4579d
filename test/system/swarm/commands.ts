import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { join } from 'node:path';
import { packageRecord } from '../../../coordinator/run-directory/manifest.js';
import type { Engine } from './engine.js';

const CLI = join(packageRecord().root, 'dist', 'scenarios', 'cli.js');

export interface Finished {
  readonly status: number | null;
  readonly out: string;
  readonly err: string;
}

/** The program as a user of one engine calls it, in a folder of its own. */
export class Commands {
  private readonly left = new Set<ChildProcess>();
  private readonly alone = new Map<number, string>();

  /** `file`: the scenario. */
  constructor(
    private readonly engine: Engine,
    private readonly folder: string,
    private readonly file: string,
  ) {}

  begin(...args: readonly string[]): { readonly text: () => string; readonly done: Promise<Finished> } {
    const child = spawn(process.execPath, [CLI, ...args], { cwd: this.folder, env: this.engine.env });
    this.left.add(child);
    let [out, err] = ['', ''];
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      out += text;
    });
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      err += text;
    });
    const done = new Promise<Finished>((resolve) => child.once('close', (status) => resolve({ status, out, err })));
    void done.then(() => this.left.delete(child));
    return { text: () => out + err, done };
  }

  gradswarm(...args: readonly string[]): Promise<Finished> {
    return this.begin(...args).done;
  }

  /** Ends what still runs. */
  kill(signal: 'SIGINT' | 'SIGKILL'): void {
    for (const child of this.left) child.kill(signal);
  }

  /** State of so many rounds in one process, undisturbed; each only once. */
  digestAlone(rounds: number): string {
    const known = this.alone.get(rounds);
    if (known !== undefined) return known;
    const out = join(this.folder, `alone-${rounds}`);
    const args = ['run', this.file, '--rounds', String(rounds), '--workers', '0', '--json', '--out', out];
    const text = execFileSync(process.execPath, [CLI, ...args], {
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'ignore'],
    });
    const { stateDigest } = JSON.parse(text);
    this.alone.set(rounds, stateDigest);
    return stateDigest;
  }

  /** Lines that the docker client prints. */
  names(...args: readonly string[]): readonly string[] {
    return this.engine
      .docker(...args)
      .split('\n')
      .filter((line) => line !== '');
  }
}
