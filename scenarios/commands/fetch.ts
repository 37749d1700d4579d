import { Command } from 'commander';
import { fetchRun } from '../remote-run/fetch-run.js';
import { coordinatorUrl, readText, requiredToken } from './options.js';

interface Flags {
  readonly out: string;
  readonly tokenFile?: string;
  readonly tlsCa?: string;
  readonly json?: boolean;
}

const EXAMPLES = `
Works during the run (then the folder holds what there is so far), and after it where the coordinator was started with --linger.

Examples:
  gradswarm fetch ws://coordinator:7700 --out runs/one --token-file runs/one.token`;

/** `gradswarm fetch`. */
export function fetchCommand(): Command {
  return new Command('fetch')
    .description('copy the run folder of a coordinator on another machine')
    .argument('<url>', 'where the coordinator listens, such as ws://coordinator:7700', coordinatorUrl)
    .requiredOption('--out <directory>', 'a new folder')
    .option('--token-file <file>', "the run's token; left out: GRADSWARM_TOKEN")
    .option('--tls-ca <file>', 'authorities that the coordinator is checked by, PEM')
    .option('--json', 'print one JSON document and nothing else')
    .addHelpText('after', EXAMPLES)
    .action(async (url: string, { out, tokenFile, tlsCa, json }: Flags) => {
      const token = requiredToken(tokenFile);
      await fetchRun({ url, token, trust: { ca: tlsCa === undefined ? null : readText(tlsCa, '--tls-ca') } }, out);
      process.stdout.write(`${json ? JSON.stringify({ directory: out }, null, 2) : out}\n`);
    });
}
