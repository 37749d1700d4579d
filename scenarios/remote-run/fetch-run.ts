import { get as getPlain, type IncomingMessage } from 'node:http';
import { get as getSecure } from 'node:https';
import { ARCHIVE_PATH, PROOF_HEADER, type VIEW_PATH } from '../../coordinator/members/run-archive.js';
import { unpackArchive } from '../../coordinator/run-directory/archive.js';
import { GradswarmError } from '../../protocol/errors.js';
import { provenQuery } from '../../protocol/sockets/admission.js';
import { fetchChallenge } from '../../protocol/sockets/challenge.js';
import type { CoordinatorAddress } from './coordinator-address.js';

/** Between two parts of the archive. */
const SILENT_MS = 60_000;

/**
 * Copies the run directory of a coordinator into `folder`, whole or not at all; by VIEW_PATH without its checkpoints, and a coordinator
 * that lingers until the run is fetched does not count it. Throws ERR_WORKER_LOST when it cannot be reached,
 * ERR_USAGE when the token is refused or the folder is in use, ERR_PROTOCOL when what arrives is no whole archive.
 */
export async function fetchRun(
  { url, token, trust }: CoordinatorAddress,
  folder: string,
  path: typeof ARCHIVE_PATH | typeof VIEW_PATH = ARCHIVE_PATH,
): Promise<void> {
  const joining = provenQuery(token, 'observer', await fetchChallenge(url, trust));
  const target = new URL(path, url.replace(/^ws/, 'http'));
  for (const [name, value] of Object.entries(joining.query)) target.searchParams.set(name, value);
  const response = await answerOf(target, trust.ca);
  const refuse = (code: 'ERR_USAGE' | 'ERR_WORKER_LOST' | 'ERR_PROTOCOL', why: string): never => {
    response.destroy();
    throw new GradswarmError(code, `${url}: ${why}`);
  };
  if (response.statusCode === 403) refuse('ERR_USAGE', "expected the run's token, got another one");
  if (response.statusCode === 404) refuse('ERR_WORKER_LOST', 'expected a run that can be fetched, got none');
  if (response.statusCode !== 200) refuse('ERR_PROTOCOL', `expected status 200, got ${response.statusCode}`);
  if (!joining.answers(String(response.headers[PROOF_HEADER] ?? '')))
    refuse('ERR_PROTOCOL', 'expected a coordinator that knows the token, got one that does not');
  await unpackArchive(response, folder);
}

function answerOf(target: URL, ca: string | null): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    const get = target.protocol === 'https:' ? getSecure : getPlain;
    const request = get(target, { timeout: SILENT_MS, ...(ca ? { ca } : {}) }, resolve);
    request.on('timeout', () => request.destroy(new Error(`nothing arrived for ${SILENT_MS} ms`)));
    request.on('error', (error) =>
      reject(new GradswarmError('ERR_WORKER_LOST', `no coordinator at ${target.host}: ${error.message}`)),
    );
    // Whatever it was answered with, such as an upgrade.
    request.on('close', () => reject(new GradswarmError('ERR_WORKER_LOST', `no answer of ${target.host}`)));
  });
}
