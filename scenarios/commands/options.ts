import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { InvalidArgumentError } from 'commander';
import { GradswarmError } from '../../protocol/errors.js';
import { type Assignment, parseAssignment } from '../../protocol/scenario/set-path.js';
import type { TlsKeys } from '../../protocol/sockets/socket-server.js';
import { isPath } from '../plug-ins/module-path.js';
import { TOKEN_VARIABLE } from '../run/token.js';

const TOKEN_LENGTH = 16;

/** Parsers of option values; what they throw, commander shows with the option's name. */

export function wholeNumber(least: number): (text: string) => number {
  return (text) => {
    const value = Number(text);
    if (text.trim() === '' || !Number.isSafeInteger(value) || value < least)
      throw new InvalidArgumentError(`Expected an integer of at least ${least}, got '${text}'.`);
    return value;
  };
}

/** A run's token, from a file or the environment; null: neither. */
export function readToken(file: string | undefined): string | null {
  const text = file === undefined ? process.env[TOKEN_VARIABLE] : readText(file, '--token-file');
  const token = text?.trim();
  if (token === undefined || (file === undefined && token === '')) return null;
  if (token.length < TOKEN_LENGTH)
    throw new GradswarmError('ERR_USAGE', `token: expected ${TOKEN_LENGTH} characters or more, got ${token.length}`);
  return token;
}

/** As `readToken`; throws ERR_USAGE where there is none. */
export function requiredToken(file: string | undefined): string {
  const token = readToken(file);
  if (token === null)
    throw new GradswarmError('ERR_USAGE', "expected the run's token in GRADSWARM_TOKEN or --token-file, got none");
  return token;
}

/** The text of a file that an option names. */
export function readText(file: string, option: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    throw new GradswarmError('ERR_USAGE', `${option}: expected a file that can be read: ${(error as Error).message}`);
  }
}

/** `--tls-cert` and `--tls-key`: both or neither. */
export function readKeys({ tlsCert, tlsKey }: { tlsCert?: string; tlsKey?: string }): TlsKeys | null {
  if (tlsCert === undefined && tlsKey === undefined) return null;
  if (tlsCert === undefined || tlsKey === undefined)
    throw new GradswarmError('ERR_USAGE', '--tls-cert and --tls-key: expected both or neither, got one');
  return { cert: readText(tlsCert, '--tls-cert'), key: readText(tlsKey, '--tls-key') };
}

/** `:7700` (every interface), `host:7700` or `[::1]:7700`. Port 0: any that is free. */
export function listenAddress(text: string): { host: string; port: number } {
  const [, bracketed, plain, digits] = /^(?:\[([^\]]+)\]|([^:]*)):(\d{1,5})$/.exec(text) ?? [];
  const port = Number(digits);
  if (digits === undefined || port > 65_535)
    throw new InvalidArgumentError(`Expected [host]:port such as :7700 or 127.0.0.1:7700, got '${text}'.`);
  return { host: bracketed ?? (plain || '::'), port };
}

export function portNumber(text: string): number {
  const port = wholeNumber(0)(text);
  if (port > 65_535) throw new InvalidArgumentError(`Expected a port of at most 65535, got ${port}.`);
  return port;
}

/** `host`, `host:7701` or `[::1]:7701`. */
export function hostAndPort(text: string): { host: string; port: number | null } {
  const [, bracketed, plain, digits] = /^(?:\[([\da-f:.]+)\]|([\w.-]+))(?::(\d{1,5}))?$/i.exec(text) ?? [];
  const host = bracketed ?? plain;
  if (host === undefined)
    throw new InvalidArgumentError(`Expected a host such as site-a.example or [::1]:7701, got '${text}'.`);
  return { host, port: digits === undefined ? null : portNumber(digits) };
}

export function coordinatorUrl(text: string): string {
  const protocols = ['ws:', 'wss:', 'http:', 'https:'];
  if (!URL.canParse(text) || !protocols.includes(new URL(text).protocol))
    throw new InvalidArgumentError(`Expected a URL such as ws://coordinator:7700, got '${text}'.`);
  return text;
}

export const USE_MEANING = 'a module of your own whose methods, codecs, … can be named; repeatable';

export const USE_AGAIN = 'where a module of your own lies that was moved since; repeatable';

export const INITIAL_AGAIN = 'where the file of saved parameters lies that was moved since';

export interface Using {
  readonly use?: readonly string[];
  readonly initial?: string;
}

/** Of an option that names a file: relative to where the user is. */
export function absolutePath(path: string): string {
  return resolve(path);
}

/** Loads the modules of `--use`, and finds the file of `--initial`, before anything that names them. */
export async function useModules({ use = [], initial }: Using): Promise<void> {
  if (initial !== undefined) (await import('../../worker/initial-file.js')).locateInitial(initial);
  const { loadPlugIn } = await import('../plug-ins/plug-ins.js');
  for (const module of use) await loadPlugIn(module, process.cwd());
}

/** For a repeatable `--use`: paths are relative to where the user is. */
export function collectModules(module: string, before: readonly string[] = []): readonly string[] {
  return [...before, isPath(module) ? resolve(module) : module];
}

/** For a repeatable `--set`. */
export function collectAssignments(text: string, before: readonly Assignment[] = []): readonly Assignment[] {
  return [...before, parseAssignment(text)];
}
