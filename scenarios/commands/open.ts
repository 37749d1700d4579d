import { Command } from 'commander';
import { interruptible } from '../run/interrupt.js';
import { portNumber } from './options.js';

interface Flags {
  readonly port: number;
  readonly json?: boolean;
}

/** `gradswarm open`. */
export function openCommand(): Command {
  return new Command('open')
    .description('show a run, running or over, in a page on this machine’s loopback until Ctrl-C')
    .argument('[directory]', 'the directory of the run or the sweep', 'runs/latest')
    .option('--port <port>', '0: any that is free', portNumber, 0)
    .option('--json', 'print the address as JSON')
    .addHelpText('after', '\nExamples:\n  gradswarm open\n  gradswarm open runs/latest --port 8080')
    .action(async (directory: string, { port, json }: Flags) => {
      const { overviewOf } = await import('../recorded-runs/overview.js');
      const { LiveServer } = await import('../live/live-server.js');
      const { browse } = await import('../live/browse.js');
      overviewOf(directory);
      const server = await LiveServer.open(() => directory, port);
      const { url } = server;
      process.stdout.write(`${json ? JSON.stringify({ url }) : url}\n`);
      if (!json) browse(url);
      await interruptible(
        (signal) => new Promise<void>((resolve) => signal.addEventListener('abort', () => resolve())),
      );
      await server.close();
    });
}
