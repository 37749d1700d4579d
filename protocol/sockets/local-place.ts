import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** A system takes paths of sockets up to 107 bytes (Linux) or 103. */
const PATH_BYTES = 103;

/** Where a Unix-domain socket listens. */
export interface LocalPlace {
  readonly path: string;
  /** The socket's file and its folder. */
  remove(): void;
}

/**
 * A new folder that no other user may enter, for a socket in it. Null: Windows has no such sockets, no folder can be made in `parent`, or the
 * path would be too long or have a colon, which ends it in the address of a websocket.
 */
export function localPlace(parent: string = tmpdir(), platform: string = process.platform): LocalPlace | null {
  const prefix = join(parent, 'gradswarm-');
  if (platform === 'win32' || prefix.includes(':') || Buffer.byteLength(`${prefix}XXXXXX/frames`) > PATH_BYTES)
    return null;
  let folder: string;
  try {
    // With mode 0700.
    folder = mkdtempSync(prefix);
  } catch {
    return null;
  }
  const remove = () => {
    process.off('exit', remove);
    rmSync(folder, { recursive: true, force: true });
  };
  process.once('exit', remove);
  return { path: join(folder, 'frames'), remove };
}
