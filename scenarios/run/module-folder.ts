import { readdirSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

/** The modules that a folder holds: compiled ones, or sources where these are run directly. Declarations are no modules. */
const MODULE = /(?<!\.d)\.(?:js|ts)$/;

/**
 * Names of the modules of a folder, without their endings, sorted. Folders inside it hold tools and are not entered.
 * An empty folder is an error, since it would silently make every name unknown. Throws RangeError, or ENOENT.
 */
export function moduleNames(folder: URL): readonly string[] {
  const path = fileURLToPath(folder);
  const names = readdirSync(path).flatMap((file) => (MODULE.test(file) ? [file.replace(MODULE, '')] : []));
  if (names.length === 0) throw new RangeError(`${path}: expected .js or .ts modules, got none`);
  return names.sort();
}
