import { mkdtempSync, rmSync } from 'node:fs';
import { readdir, rm, stat } from 'node:fs/promises';
import { connect } from 'node:net';
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

/** A socket that is bound but does not listen yet refuses too. */
const LEFT_MS = 60_000;

/** Removes what processes that were killed have left in `parent`: folders as above where nothing listens any more. */
export async function removeLeftPlaces(parent: string = tmpdir()): Promise<void> {
  const names = await readdir(parent).catch(() => []);
  for (const name of names.filter((one) => /^gradswarm-[A-Za-z0-9]{6}$/.test(one))) {
    const folder = join(parent, name);
    // Those of other users cannot be read.
    const files = await readdir(folder, { withFileTypes: true }).catch(() => []);
    const isPlace = files.length === 1 && files[0]!.isSocket() && files[0]!.name === 'frames';
    const changed = await stat(folder).catch(() => null);
    if (!isPlace || !changed || changed.mtimeMs > Date.now() - LEFT_MS || !(await isRefused(join(folder, 'frames'))))
      continue;
    await rm(folder, { recursive: true, force: true }).catch(() => {});
  }
}

/** Nothing listens at the socket's file. */
function isRefused(path: string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(path, () => {
      socket.destroy();
      resolve(false);
    });
    socket.once('error', ({ code }: NodeJS.ErrnoException) => resolve(code === 'ECONNREFUSED'));
  });
}
