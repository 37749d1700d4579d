import { io } from 'socket.io-client';
import { GradswarmError } from '../../protocol/errors.js';
import { provenQuery } from '../../protocol/sockets/admission.js';
import { fetchChallenge } from '../../protocol/sockets/challenge.js';
import { ControlTransport } from '../../protocol/sockets/control-transport.js';
import * as control from '../../protocol/wire/control-messages.js';
import { unpack } from '../../protocol/wire/packing.js';
import type { CoordinatorAddress } from './coordinator-address.js';

/** A table of seats has a handful of values for each. */
const MOST_VALUES = 1_000_000;

const WELCOME_VALUES = 8;

const CONNECT_MS = 10_000;
const RETRY_MS = 1000;

export interface RunObserver {
  progress(message: control.Progress): void;
  seats(message: control.Seats): void;
  /** The coordinator is not there, or there again. */
  note?(text: string): void;
}

export interface ObserveOptions {
  readonly signal: AbortSignal;
  /** How long a coordinator that is not there is waited for, milliseconds. */
  readonly retryForMs: number;
}

/**
 * Follows a run as an observer, across restarts of its coordinator, until it is over, or `false` is returned by the signal's abort.
 * Throws ERR_WORKER_LOST when there is no coordinator for `retryForMs`, ERR_USAGE when the token is refused.
 */
export async function observeRun(
  address: CoordinatorAddress,
  observer: RunObserver,
  { signal, retryForMs }: ObserveOptions,
): Promise<control.Over | null> {
  let seenMs = performance.now();
  let there = true;
  while (!signal.aborted) {
    try {
      const over = await oneConnection(address, observer, signal, () => {
        if (!there) observer.note?.('the coordinator is there again');
        there = true;
        seenMs = performance.now();
      });
      if (over) return over;
    } catch (error) {
      if (!(error instanceof GradswarmError) || error.code !== 'ERR_WORKER_LOST') throw error;
      if (performance.now() - seenMs >= retryForMs) throw error;
      if (there) observer.note?.(`${error.message}; waiting for it`);
      there = false;
    }
    await new Promise<void>((resolve) => setTimeout(resolve, RETRY_MS));
  }
  return null;
}

/** Null: the connection was lost, or the signal aborted. */
async function oneConnection(
  { url, token, trust }: CoordinatorAddress,
  observer: RunObserver,
  signal: AbortSignal,
  alive: () => void,
): Promise<control.Over | null> {
  const joining = provenQuery(token, 'observer', await fetchChallenge(url, trust, signal));
  const socket = io(url.replace(/^ws/, 'http'), {
    query: joining.query,
    ...(trust.ca === null ? {} : { ca: trust.ca }),
    transports: [ControlTransport],
    reconnection: false,
    forceNew: true,
    timeout: CONNECT_MS,
  });
  // Nothing else that it sends is used before.
  let proven = false;
  try {
    return await new Promise<control.Over | null>((resolve, reject) => {
      const taken = <T>(schema: { parse(data: unknown): T }, use: (message: T) => void) => {
        return (data: unknown) => {
          try {
            if (!proven) throw new Error('a message before the proof that it knows the token');
            use(schema.parse(unpack(data, MOST_VALUES)));
          } catch (error) {
            reject(new GradswarmError('ERR_PROTOCOL', `${url}: ${(error as Error).message}`, { cause: error }));
          }
          alive();
        };
      };
      const stop = (): void => resolve(null);
      signal.addEventListener('abort', stop, { once: true });
      socket.on('connect_error', (error) => reject(refusal(url, error)));
      socket.on('disconnect', stop);
      socket.on('welcome', (data: unknown) => {
        proven = provedBy(data, joining);
        if (proven) alive();
        else
          reject(
            new GradswarmError('ERR_PROTOCOL', `${url}: expected a coordinator that knows the token, got another`),
          );
      });
      socket.on(
        'progress',
        taken(control.progress, (message) => observer.progress(message)),
      );
      socket.on(
        'seats',
        taken(control.seats, (message) => observer.seats(message)),
      );
      socket.on('over', taken(control.over, resolve));
    });
  } finally {
    socket.disconnect();
  }
}

function provedBy(welcome: unknown, joining: { answers(proof: string): boolean }): boolean {
  try {
    return joining.answers(control.welcome.parse(unpack(welcome, WELCOME_VALUES)).proof);
  } catch {
    return false;
  }
}

/** The coordinator answers an upgrade without a proof with 403; socket.io shows of it only that it was refused. */
function refusal(url: string, error: Error & { readonly description?: { readonly message?: string } }): GradswarmError {
  const text = error.description?.message ?? error.message;
  return /403/.test(text)
    ? new GradswarmError('ERR_USAGE', `${url}: expected the run's token, got another one`)
    : new GradswarmError('ERR_WORKER_LOST', `no coordinator at ${url}: ${text}`);
}
