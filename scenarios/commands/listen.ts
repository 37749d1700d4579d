import type { Command } from 'commander';
import type { ListenOptions } from '../../coordinator/members/host-options.js';
import { GradswarmError } from '../../protocol/errors.js';
import { listenAddress, readKeys, readToken } from './options.js';

/** Flags of the commands that may wait for workers from elsewhere. */
export interface ListenFlags {
  readonly listen?: { readonly host: string; readonly port: number };
  readonly tokenFile?: string;
  readonly tlsCert?: string;
  readonly tlsKey?: string;
  readonly allowOrigin?: readonly string[];
}

export function withListening(command: Command): Command {
  return command
    .option('--listen <[host]:port>', 'wait here for workers that join from other machines', listenAddress)
    .option('--token-file <file>', 'what workers must know to join; left out: GRADSWARM_TOKEN, or drawn and printed')
    .option('--tls-cert <file>', 'certificate chain, PEM: workers join at wss://')
    .option('--tls-key <file>', 'its private key, PEM')
    .option('--allow-origin <origin...>', 'web pages of these origins may connect; others may not');
}

/** Null: no process joins from elsewhere. */
export function listenOptions(flags: ListenFlags): ListenOptions | null {
  const { listen, tokenFile, allowOrigin = [] } = flags;
  if (listen) return { ...listen, token: readToken(tokenFile), tls: readKeys(flags), origins: allowOrigin };
  const given = Object.entries({ ...flags, listen: undefined }).find(
    ([name, value]) => value !== undefined && ['tokenFile', 'tlsCert', 'tlsKey', 'allowOrigin'].includes(name),
  );
  if (given) throw new GradswarmError('ERR_USAGE', `${given[0]}: expected --listen with it`);
  return null;
}
