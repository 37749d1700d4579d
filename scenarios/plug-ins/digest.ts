import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { basename, dirname, resolve } from 'node:path';

/**
 * SHA-256 of a module's file and of all that it imports by path, directly or not, hexadecimal. Packages are not part of it. The
 * name and the folder of the file may change, the places of the others relative to it may not. `path`: absolute.
 */
export async function moduleDigest(path: string): Promise<string> {
  // Loaded only where modules of one's own are used.
  const { build } = await import('esbuild');
  const folder = dirname(path);
  const { metafile } = await build({
    entryPoints: [path],
    absWorkingDir: folder,
    bundle: true,
    write: false,
    metafile: true,
    platform: 'node',
    format: 'esm',
    packages: 'external',
    logLevel: 'silent',
    tsconfigRaw: '{}',
  });
  const hash = createHash('sha256');
  for (const input of Object.keys(metafile.inputs).sort()) {
    const bytes = readFileSync(resolve(folder, input));
    hash.update(`${input === basename(path) ? '' : input}\n${bytes.length}\n`);
    hash.update(bytes);
  }
  return hash.digest('hex');
}
