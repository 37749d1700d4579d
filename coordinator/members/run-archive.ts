import type { Readable } from 'node:stream';
import type { Listener } from '../../protocol/sockets/sockets.js';

/** Where the run directory can be fetched by those who know the token. */
export const ARCHIVE_PATH = '/run.tar';

/** The same without checkpoints, as often as wanted: what a page shows of the run. */
export const VIEW_PATH = '/view.tar';

/** The run directory as a tar stream, with or without its checkpoints. */
export type Archive = (checkpoints: boolean) => Readable;

/** Shows that the coordinator knows the token too. */
export const PROOF_HEADER = 'gradswarm-proof';

/** GET /run.tar and GET /view.tar are answered. `fetched` is called once all of the first has been sent. */
export function serveArchive(server: Listener, archive: Archive, fetched: () => void = () => {}): void {
  server.answerProven(
    VIEW_PATH,
    PROOF_HEADER,
    'application/x-tar',
    () => archive(false),
    () => {},
  );
  server.answerProven(ARCHIVE_PATH, PROOF_HEADER, 'application/x-tar', () => archive(true), fetched);
}
