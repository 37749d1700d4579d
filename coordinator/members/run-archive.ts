import { pipeline, type Readable } from 'node:stream';
import type { SocketServer } from '../../protocol/sockets/socket-server.js';

/** Where the run directory can be fetched by those who know the token. */
export const ARCHIVE_PATH = '/run.tar';

/** Shows that the coordinator knows the token too. */
export const PROOF_HEADER = 'gradswarm-proof';

/** GET /run.tar is answered with the run directory. `fetched` is called once all of it has been sent. */
export function serveArchive(server: SocketServer, archive: () => Readable, fetched: () => void = () => {}): void {
  server.answerProven(ARCHIVE_PATH, (response, { answer }) => {
    response.writeHead(200, { connection: 'close', 'content-type': 'application/x-tar', [PROOF_HEADER]: answer });
    pipeline(archive(), response, (error) => {
      if (!error) fetched();
    });
  });
}
