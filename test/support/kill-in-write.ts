import fs from 'node:fs';
import { syncBuiltinESMExports } from 'node:module';

/**
 * Preloaded into a coordinator (`node --import`): it is killed with SIGKILL inside its second write of a checkpoint, at the point
 * GRADSWARM_KILL_IN_WRITE: half of `states` written, before their `fsync`, half of the `index` written, before the `rename`.
 */

const point = process.env.GRADSWARM_KILL_IN_WRITE;
const { mkdirSync, openSync, closeSync, writeSync, fsyncSync, renameSync } = fs;
const paths = new Map<number, string>();
let writes = 0;

const isPartial = (path: fs.PathLike): boolean => /\.round-\d+-\d+\.partial$/.test(String(path));
const isStates = (descriptor: number): boolean => paths.get(descriptor)?.endsWith('states.bin') ?? false;
const isIndex = (descriptor: number): boolean => paths.get(descriptor)?.includes('checkpoint.json') ?? false;

function killAt(here: string): void {
  if (writes === 2 && point === here) process.kill(process.pid, 'SIGKILL');
}

Object.assign(fs, {
  mkdirSync(path: fs.PathLike, ...rest: never[]) {
    if (isPartial(path)) writes++;
    return mkdirSync(path, ...rest);
  },
  openSync(path: fs.PathLike, ...rest: ['w']) {
    const descriptor = openSync(path, ...rest);
    paths.set(descriptor, String(path));
    return descriptor;
  },
  closeSync(descriptor: number) {
    paths.delete(descriptor);
    closeSync(descriptor);
  },
  writeSync(descriptor: number, bytes: Uint8Array, ...rest: number[]) {
    const here = isStates(descriptor) ? 'states' : isIndex(descriptor) ? 'index' : null;
    if (writes === 2 && here !== null && here === point) {
      writeSync(descriptor, bytes, 0, bytes.length >> 1);
      killAt(here);
    }
    return writeSync(descriptor, bytes, ...rest);
  },
  fsyncSync(descriptor: number) {
    if (isStates(descriptor)) killAt('fsync');
    fsyncSync(descriptor);
  },
  renameSync(from: fs.PathLike, to: fs.PathLike) {
    if (isPartial(from)) killAt('rename');
    renameSync(from, to);
  },
});
syncBuiltinESMExports();
