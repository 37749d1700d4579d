import { get as getPlain, type RequestOptions } from 'node:http';
import { get as getSecure } from 'node:https';
import { GradswarmError } from '../errors.js';
import { LIMITS } from '../wire/limits.js';
import { PATHS } from './paths.js';

/** What a connection to a coordinator over TLS is checked by; null: the system's authorities. */
export interface TlsTrust {
  readonly ca: string | null;
}

/** Asks a coordinator for a challenge. Rejects with ERR_WORKER_LOST when there is none at this address. */
export function fetchChallenge(url: string, { ca }: TlsTrust, signal: AbortSignal | null = null): Promise<string> {
  const target = new URL(PATHS.challenge, url.replace(/^ws/, 'http'));
  const options: RequestOptions & { ca?: string } = {
    ...(ca ? { ca } : {}),
    ...(signal ? { signal } : {}),
  };
  return new Promise((resolve, reject) => {
    const fail = (why: string): void =>
      reject(new GradswarmError('ERR_WORKER_LOST', `no coordinator at ${url}: ${why}`));
    const get = target.protocol === 'https:' ? getSecure : getPlain;
    const request = get(target, options, (response) => {
      let text = '';
      response.setEncoding('utf8').on('data', (more: string) => {
        text += more;
        if (text.length > LIMITS.headBytes) request.destroy();
      });
      response.on('error', (error) => fail(error.message));
      response.on('end', () => {
        if (response.statusCode === 200) resolve(text.trim());
        else fail(`GET /challenge was answered with ${response.statusCode}`);
      });
    });
    request.on('error', (error) => fail(error.message));
    // Of all of it: an answer may also come byte by byte.
    const timer = setTimeout(() => request.destroy(new Error('no answer')), LIMITS.handshakeMs);
    request.on('close', () => {
      clearTimeout(timer);
      // Whatever it was answered with, such as an upgrade.
      fail('the connection was closed');
    });
  });
}
