import { get as getPlain } from 'node:http';
import { get as getSecure } from 'node:https';
import { Command } from 'commander';
import { EXIT } from './exit-status.js';
import { coordinatorUrl } from './options.js';

const TIMEOUT_MS = 8000;

const EXAMPLES = `
For a container's health check: needs no token; the only answer is that the coordinator is alive.

Exit status: 0 it is; 2 there is no answer.

Examples:
  gradswarm health
  gradswarm health wss://coordinator:7700`;

/** `gradswarm health`. */
export function healthCommand(): Command {
  return new Command('health')
    .description('ask whether a coordinator is alive')
    .argument('[url]', 'where it listens', coordinatorUrl, 'ws://127.0.0.1:7700')
    .addHelpText('after', EXAMPLES)
    .action(async (url: string) => {
      const target = new URL('/health', url.replace(/^ws/, 'http'));
      // On this machine a certificate proves nothing, and with TLS the port is the same.
      const alive = (await isAlive(target)) || (isLoopback(target) && (await isAlive(secured(target))));
      if (alive) process.stdout.write('alive\n');
      else process.stderr.write(`no coordinator answers at ${target.host}\n`);
      process.exitCode = alive ? EXIT.valid : EXIT.unknown;
    });
}

function isLoopback({ hostname }: URL): boolean {
  return hostname === '127.0.0.1' || hostname === '[::1]' || hostname === 'localhost';
}

function secured(target: URL): URL {
  const url = new URL(target);
  url.protocol = 'https:';
  return url;
}

function isAlive(target: URL): Promise<boolean> {
  return new Promise((resolve) => {
    const get = target.protocol === 'https:' ? getSecure : getPlain;
    const options = { timeout: TIMEOUT_MS, ...(isLoopback(target) ? { rejectUnauthorized: false } : {}) };
    const request = get(target, options, (response) => {
      response.resume();
      resolve(response.statusCode === 200);
    });
    request.on('timeout', () => request.destroy());
    request.on('error', () => resolve(false));
  });
}
