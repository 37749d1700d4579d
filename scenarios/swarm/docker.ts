import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { GradswarmError } from '../../protocol/errors.js';

export interface DockerOptions {
  /** Beside those of this process: what stack files refer to. */
  readonly variables?: Readonly<Record<string, string>>;
}

/** The docker client, as a command: its host, context and credentials are the user's. */
export interface Docker {
  /** Runs `docker` with these arguments; what it prints. Throws ERR_DOCKER with what it says is wrong. */
  run(arguments_: readonly string[], options?: DockerOptions): Promise<string>;
  /** As `run`, but what it prints goes to this process's own output, or line by line to `line`; its exit status. */
  show(arguments_: readonly string[], line?: ((text: string) => void) | null): Promise<number>;
}

export const docker: Docker = {
  run: (arguments_, { variables = {} } = {}) =>
    new Promise((resolve, reject) => {
      const child = spawn('docker', arguments_, {
        stdio: ['ignore', 'pipe', 'pipe'],
        env: { ...process.env, ...variables },
      });
      let [out, err] = ['', ''];
      child.stdout.setEncoding('utf8').on('data', (text: string) => {
        out += text;
      });
      child.stderr.setEncoding('utf8').on('data', (text: string) => {
        err += text;
      });
      child.on('error', (error) => reject(notFound(error)));
      child.on('close', (status) => {
        if (status === 0) resolve(out);
        else
          reject(
            new GradswarmError('ERR_DOCKER', `docker ${arguments_.slice(0, 2).join(' ')}: ${err.trim() || out.trim()}`),
          );
      });
    }),
  show: (arguments_, line = null) =>
    new Promise((resolve, reject) => {
      const output = line ? 'pipe' : 'inherit';
      const child = spawn('docker', arguments_, { stdio: ['ignore', output, output] });
      for (const stream of [child.stdout, child.stderr]) if (stream && line) createInterface(stream).on('line', line);
      child.on('error', (error) => reject(notFound(error)));
      child.on('close', (status) => resolve(status ?? 1));
    }),
};

function notFound(error: Error): GradswarmError {
  return new GradswarmError('ERR_DOCKER', `expected the command docker, got ${error.message}`, { cause: error });
}

/** What `docker … --format '{{json .}}'` prints: one document a line. */
export function jsonLines<T>(text: string): readonly T[] {
  return text
    .split('\n')
    .filter((line) => line.trim() !== '')
    .map((line) => JSON.parse(line) as T);
}
