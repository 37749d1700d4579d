import { existsSync, statSync } from 'node:fs';
import { basename, join } from 'node:path';
import { GradswarmError } from '../../../protocol/errors.js';
import { openNpy, openNpz, type StoredArray, type StoredArrays } from '../../arrays/stored-array.js';
import { namesIn } from './names-in.js';

/** Arrays of NumPy by file: one of an .npz or of a folder of .npy, or one of each client. */
export interface ArrayFiles {
  readonly path: string;
  /** Names of the owners: files without their ending, or folders. */
  readonly names: readonly string[];
  open(file: number): StoredArrays;
}

const endsWith = (ending: string) => (name: string) => name.endsWith(ending);

function openFolder(path: string): StoredArrays {
  const files = namesIn(path).filter(endsWith('.npy'));
  return new Map(files.map((name) => [name.slice(0, -4), () => openNpy(join(path, name))]));
}

/** Throws ERR_DATA_MISSING where there is nothing, ERR_DATA_FORMAT where there are no arrays. */
export function arrayFiles(path: string): ArrayFiles {
  if (path === '' || !existsSync(path))
    throw new GradswarmError(
      'ERR_DATA_MISSING',
      `data set 'numpy': set 'path' to an .npz file or a folder, got '${path}'`,
    );
  if (!statSync(path).isDirectory()) return { path, names: [basename(path, '.npz')], open: () => openNpz(path) };
  const found = namesIn(path);
  const archives = found.filter(endsWith('.npz'));
  if (archives.length > 0)
    return {
      path,
      names: archives.map((name) => basename(name, '.npz')),
      open: (file) => openNpz(join(path, archives[file]!)),
    };
  if (found.some(endsWith('.npy'))) return { path, names: [basename(path)], open: () => openFolder(path) };
  const folders = found.filter((name) => {
    const folder = join(path, name);
    return statSync(folder, { throwIfNoEntry: false })?.isDirectory() && namesIn(folder).some(endsWith('.npy'));
  });
  if (folders.length === 0)
    throw new GradswarmError(
      'ERR_DATA_FORMAT',
      `${path}: expected .npy or .npz files in the folder, or folders of .npy files, got none`,
    );
  return { path, names: folders, open: (file) => openFolder(join(path, folders[file]!)) };
}

/** Throws ERR_DATA_FORMAT where the file has no such array, or one without an axis. */
export function arrayOf(path: string, arrays: StoredArrays, name: string): StoredArray {
  const array = arrays.get(name)?.();
  if (!array) throw wrong(path, `an array '${name}', got ${[...arrays.keys()].join(', ') || 'none'}`);
  if (array.shape.length === 0) throw wrong(path, `'${name}' with an axis of examples, got a single number`);
  return array;
}

export function wrong(path: string, expected: string): GradswarmError {
  return new GradswarmError('ERR_DATA_FORMAT', `${path}: expected ${expected}`);
}
