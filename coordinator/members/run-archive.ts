import type { Readable } from 'node:stream';
import type { Listener } from '../../protocol/sockets/sockets.js';

/** Where the run directory can be fetched by those who know the token. */
export const ARCHIVE_PATH = '/run.tar';

/** Shows that the coordinator knows the token too. */
export const PROOF_HEADER = 'gradswarm-proof';

/** GET /run.tar is answered with the run directory. `fetched` is called once all of it has been sent. */
export function serveArchive(server: Listener, archive: () => Readable, fetched: () => void = () => {}): void {
  server.answerProven(ARCHIVE_PATH, PROOF_HEADER, 'application/x-tar', archive, fetched);
}
