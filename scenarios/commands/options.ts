import { InvalidArgumentError } from 'commander';
import { type Assignment, parseAssignment } from '../../protocol/scenario/set-path.js';

/** Parsers of option values; what they throw, commander shows with the option's name. */

export function wholeNumber(least: number): (text: string) => number {
  return (text) => {
    const value = Number(text);
    if (text.trim() === '' || !Number.isSafeInteger(value) || value < least)
      throw new InvalidArgumentError(`Expected an integer of at least ${least}, got '${text}'.`);
    return value;
  };
}

/** `:7700` (every interface), `host:7700` or `[::1]:7700`. Port 0: any that is free. */
export function listenAddress(text: string): { host: string; port: number } {
  const [, bracketed, plain, digits] = /^(?:\[([^\]]+)\]|([^:]*)):(\d{1,5})$/.exec(text) ?? [];
  const port = Number(digits);
  if (digits === undefined || port > 65_535)
    throw new InvalidArgumentError(`Expected [host]:port such as :7700 or 127.0.0.1:7700, got '${text}'.`);
  return { host: bracketed ?? (plain || '0.0.0.0'), port };
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

/** For a repeatable `--set`. */
export function collectAssignments(text: string, before: readonly Assignment[] = []): readonly Assignment[] {
  return [...before, parseAssignment(text)];
}
