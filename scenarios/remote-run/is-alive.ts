import { get as getPlain } from 'node:http';
import { get as getSecure } from 'node:https';
import { PATHS } from '../../protocol/sockets/paths.js';

const TIMEOUT_MS = 20_000;

/** Does a coordinator answer at this address (ws: or wss:, http: or https:)? On this machine with TLS too, whatever the address says. */
export async function isAlive(url: string): Promise<boolean> {
  const target = new URL(PATHS.health, url.replace(/^ws/, 'http'));
  return (await answers(target)) || (isLoopback(target) && (await answers(secured(target))));
}

function isLoopback({ hostname }: URL): boolean {
  return hostname === '127.0.0.1' || hostname === '[::1]' || hostname === 'localhost';
}

function secured(target: URL): URL {
  const url = new URL(target);
  url.protocol = 'https:';
  return url;
}

function answers(target: URL): Promise<boolean> {
  return new Promise((resolve) => {
    const get = target.protocol === 'https:' ? getSecure : getPlain;
    // On this machine a certificate proves nothing.
    const options = { timeout: TIMEOUT_MS, ...(isLoopback(target) ? { rejectUnauthorized: false } : {}) };
    const request = get(target, options, (response) => {
      response.resume();
      resolve(response.statusCode === 200);
    });
    request.on('timeout', () => request.destroy());
    request.on('error', () => resolve(false));
    // Whatever it was answered with, such as an upgrade.
    request.on('close', () => resolve(false));
  });
}
