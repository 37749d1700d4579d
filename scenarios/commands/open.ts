import { Command } from 'commander';
import { interruptible } from '../run/interrupt.js';
import { coordinatorUrl, portNumber, readText, requiredToken } from './options.js';

interface Flags {
  readonly port: number;
  readonly tokenFile?: string;
  readonly tlsCa?: string;
  readonly json?: boolean;
}

const EXAMPLES = `
Of a coordinator elsewhere the page has what it would have there; the run's folder is copied again and again, without checkpoints.

Examples:
  gradswarm open
  gradswarm open runs/latest --port 8080
  gradswarm open ws://coordinator:7700 --token-file runs/one.token`;

/** `gradswarm open`. */
export function openCommand(): Command {
  return new Command('open')
    .description('show a run, running or over, in a page on this machine’s loopback until Ctrl-C')
    .argument('[run]', 'the directory of the run or the sweep, or where its coordinator listens', 'runs/latest')
    .option('--port <port>', '0: any that is free', portNumber, 0)
    .option('--token-file <file>', "of a coordinator: the run's token; left out: GRADSWARM_TOKEN")
    .option('--tls-ca <file>', 'of a coordinator: authorities that it is checked by, PEM')
    .option('--json', 'print the address as JSON')
    .addHelpText('after', EXAMPLES)
    .action(async (run: string, flags: Flags) => {
      await (/^(ws|wss|http|https):\/\//.test(run) ? openRemote(coordinatorUrl(run), flags) : openFolder(run, flags));
    });
}

async function openFolder(directory: string, { port, json = false }: Flags): Promise<void> {
  const { overviewOf } = await import('../recorded-runs/overview.js');
  const { LiveServer } = await import('../live/live-server.js');
  overviewOf(directory);
  const server = await LiveServer.open(() => directory, port);
  try {
    await show(server.url, json, aborted);
  } finally {
    await server.close();
  }
}

async function openRemote(url: string, { port, json = false, tokenFile, tlsCa }: Flags): Promise<void> {
  const token = requiredToken(tokenFile);
  const { RemoteRun } = await import('../live/remote-run.js');
  const { LiveServer } = await import('../live/live-server.js');
  const trust = { ca: tlsCa === undefined ? null : readText(tlsCa, '--tls-ca') };
  let ended: (error: unknown) => void = () => {};
  const failed = new Promise<never>((_, reject) => {
    ended = reject;
  });
  failed.catch(() => {});
  const remote = await RemoteRun.open({ url, token, trust }, ended);
  try {
    const server = await LiveServer.open(
      () => remote.folder,
      port,
      () => remote.seats,
    );
    try {
      await show(server.url, json, (signal) => Promise.race([aborted(signal), failed]));
    } finally {
      await server.close();
    }
  } finally {
    remote.close();
  }
}

async function show(url: string, json: boolean, until: (signal: AbortSignal) => Promise<void>): Promise<void> {
  const { browse } = await import('../live/browse.js');
  process.stdout.write(`${json ? JSON.stringify({ url }) : url}\n`);
  if (!json) browse(url);
  await interruptible(until);
}

function aborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => signal.addEventListener('abort', () => resolve(), { once: true }));
}
