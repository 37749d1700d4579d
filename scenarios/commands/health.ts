import { Command } from 'commander';
import { isAlive } from '../remote-run/is-alive.js';
import { EXIT } from './exit-status.js';
import { coordinatorUrl } from './options.js';

const EXAMPLES = `
For a container's health check: asks without a token, and is answered nothing but that the coordinator is alive.

Exit status: 0 it is; 2 there is no answer.

Examples:
  gradswarm health
  gradswarm health wss://coordinator:7700`;

/** `gradswarm health`. */
export function healthCommand(): Command {
  return new Command('health')
    .description('ask whether a coordinator is alive')
    .argument('[url]', 'where it listens', coordinatorUrl, 'ws://127.0.0.1:7700')
    .option('--json', 'print one JSON document and nothing else')
    .addHelpText('after', EXAMPLES)
    .action(async (url: string, { json }: { json?: boolean }) => {
      const alive = await isAlive(url);
      if (json) process.stdout.write(`${JSON.stringify({ url, alive }, null, 2)}\n`);
      else if (alive) process.stdout.write('alive\n');
      else process.stderr.write(`no coordinator answers at ${new URL(url).host}\n`);
      process.exitCode = alive ? EXIT.valid : EXIT.unknown;
    });
}
