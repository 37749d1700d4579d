import { createRequire, syncBuiltinESMExports } from 'node:module';
import { basename, dirname } from 'node:path';
import { currentProcess, Ended, type SimProcess } from './world.js';

/** Files below this folder are a simulation's. */
export const DISK = '/simulated';

interface File {
  bytes: Buffer;
  length: number;
  /** What a failure of power leaves. */
  synced: Buffer;
  readonly ino: number;
}

interface Open {
  readonly file: File;
  readonly process: SimProcess | null;
  readonly appends: boolean;
}

const require = createRequire(import.meta.url);
// biome-ignore lint/suspicious/noExplicitAny: a dozen functions of node:fs with their several signatures.
const fs = require('node:fs') as Record<string, any>;

/** Numbers of open files of simulations begin here. */
const FIRST_DESCRIPTOR = 1 << 20;

const EMPTY = Buffer.alloc(0);

/** A disk in memory, that can be full, lose what was not forced to it, and at one of whose writes its process ends. */
export class Disk {
  /** Bytes that all files may have. */
  capacity = Number.POSITIVE_INFINITY;
  /** The process that ends at its next change, after so many; half of a write is done. */
  ending: { readonly process: SimProcess; after: number } | null = null;
  /** Changes so far. */
  changes = 0;
  private readonly files = new Map<string, File>();
  private readonly folders = new Set<string>([DISK]);
  private readonly open = new Map<number, Open>();
  private next = FIRST_DESCRIPTOR;
  private inodes = 1;

  /** What had not been forced to the disk is lost. */
  failPower(): void {
    for (const file of this.files.values()) [file.bytes, file.length] = [file.synced, file.synced.length];
  }

  /** As if all that is on it were elsewhere. */
  empty(): void {
    this.files.clear();
    this.folders.clear();
    this.folders.add(DISK);
  }

  /** Puts the disk below DISK, until the returned function is called. */
  mount(): () => void {
    const originals: Record<string, unknown> = {};
    for (const [name, own] of Object.entries(this.functions)) {
      const theirs = fs[name] as (...content: unknown[]) => unknown;
      originals[name] = theirs;
      fs[name] = (...content: unknown[]) => {
        const [first] = content;
        const isOurs =
          typeof first === 'number' ? first >= FIRST_DESCRIPTOR : typeof first === 'string' && first.startsWith(DISK);
        return isOurs ? (own as (...content: unknown[]) => unknown)(...content) : theirs(...content);
      };
    }
    syncBuiltinESMExports();
    return () => {
      Object.assign(fs, originals);
      syncBuiltinESMExports();
    };
  }

  private readonly functions = {
    existsSync: (path: string) => this.files.has(path) || this.folders.has(path),
    mkdirSync: (path: string, { recursive = false }: { recursive?: boolean } = {}) => {
      if (this.folders.has(path)) {
        if (recursive) return;
        throw failed('EEXIST', path);
      }
      this.change();
      for (let folder = path; !this.folders.has(folder); folder = dirname(folder)) this.folders.add(folder);
    },
    readdirSync: (path: string) => {
      if (!this.folders.has(path)) throw failed('ENOENT', path);
      return [...this.files.keys(), ...this.folders]
        .filter((name) => name !== path && dirname(name) === path)
        .map((name) => basename(name))
        .sort();
    },
    openSync: (path: string, flags = 'r') => {
      this.alive();
      const exists = this.files.get(path);
      if (flags === 'wx' && exists) throw failed('EEXIST', path);
      if (flags === 'r' && !exists) throw failed('ENOENT', path);
      if (!exists) this.change();
      const file = exists ?? this.created(path);
      if (flags === 'w') file.length = 0;
      this.open.set(this.next, { file, process: currentProcess(), appends: flags !== 'r' });
      return this.next++;
    },
    closeSync: (descriptor: number) => void this.open.delete(descriptor),
    writeSync: (descriptor: number, bytes: Uint8Array, offset = 0) => {
      const part = bytes.subarray(offset);
      const half = this.isLast();
      if (half) this.append(descriptor, part.subarray(0, part.length >> 1));
      this.change();
      return this.append(descriptor, part);
    },
    writeFileSync: (path: string, text: string | Uint8Array) => {
      this.change();
      const file = this.files.get(path) ?? this.created(path);
      file.length = 0;
      this.write(file, Buffer.from(text as string));
    },
    fsyncSync: (descriptor: number) => {
      this.change();
      const { file } = this.of(descriptor);
      file.synced = Buffer.from(file.bytes.subarray(0, file.length));
    },
    readFileSync: (from: string | number, encoding?: string | { encoding?: string }) => {
      const file = typeof from === 'number' ? this.of(from).file : this.files.get(from);
      if (!file) throw failed('ENOENT', String(from));
      const bytes = Buffer.from(file.bytes.subarray(0, file.length));
      const text = typeof encoding === 'string' ? encoding : encoding?.encoding;
      return text ? bytes.toString(text as BufferEncoding) : bytes;
    },
    readSync: (descriptor: number, into: Uint8Array, at: number, length: number, from: number) => {
      const { file } = this.of(descriptor);
      const bytes = file.bytes.subarray(from, Math.min(file.length, from + length));
      into.set(bytes, at);
      return bytes.length;
    },
    ftruncateSync: (descriptor: number, length = 0) => {
      this.change();
      this.of(descriptor).file.length = length;
    },
    truncateSync: (path: string, length = 0) => {
      this.change();
      this.files.get(path)!.length = length;
    },
    fstatSync: (descriptor: number) => statOf(this.of(descriptor).file),
    statSync: (path: string) => {
      const file = this.files.get(path);
      if (!file && !this.folders.has(path)) throw failed('ENOENT', path);
      return file ? statOf(file) : { size: 0, ino: 0, mtimeMs: 0, isDirectory: () => true };
    },
    renameSync: (from: string, to: string) => {
      if (!this.files.has(from) && !this.folders.has(from)) throw failed('ENOENT', from);
      this.change();
      this.move(from, to);
    },
    linkSync: (from: string, to: string) => {
      if (this.files.has(to)) throw failed('EEXIST', to);
      this.change();
      this.files.set(to, this.files.get(from)!);
    },
    rmSync: (path: string, { force = false }: { force?: boolean } = {}) => {
      if (!this.files.has(path) && !this.folders.has(path)) {
        if (force) return;
        throw failed('ENOENT', path);
      }
      this.change();
      for (const name of [...this.files.keys()]) if (isWithin(name, path)) this.files.delete(name);
      for (const name of [...this.folders]) if (isWithin(name, path)) this.folders.delete(name);
    },
    futimesSync: () => this.alive(),
    utimesSync: () => this.alive(),
  };

  private alive(): void {
    if (currentProcess()?.isAlive === false) throw new Ended();
  }

  private isLast(): boolean {
    return this.ending?.process === currentProcess() && this.ending?.after === 0;
  }

  /** Something on the disk is about to change. */
  private change(): void {
    this.alive();
    this.changes++;
    const { ending } = this;
    if (!ending || ending.process !== currentProcess()) return;
    if (ending.after-- > 0) return;
    this.ending = null;
    ending.process.end();
    throw new Ended();
  }

  private created(path: string): File {
    if (!this.folders.has(dirname(path))) throw failed('ENOENT', path);
    const file: File = { bytes: EMPTY, length: 0, synced: EMPTY, ino: this.inodes++ };
    this.files.set(path, file);
    return file;
  }

  private move(from: string, to: string): void {
    const moved = (name: string) => `${to}${name.slice(from.length)}`;
    for (const [name, file] of [...this.files])
      if (isWithin(name, from)) {
        this.files.delete(name);
        this.files.set(moved(name), file);
      }
    for (const name of [...this.folders])
      if (isWithin(name, from)) {
        this.folders.delete(name);
        this.folders.add(moved(name));
      }
  }

  private append(descriptor: number, bytes: Uint8Array): number {
    return this.write(this.of(descriptor).file, bytes);
  }

  private write(file: File, bytes: Uint8Array): number {
    let used = 0;
    if (Number.isFinite(this.capacity)) for (const { length } of this.files.values()) used += length;
    // As a system does it: what fits is taken, and the next write fails.
    const room = Math.max(0, Math.min(bytes.length, this.capacity - used));
    if (room === 0 && bytes.length > 0) throw failed('ENOSPC', 'no space left on device, write');
    return this.put(file, bytes.subarray(0, room));
  }

  private put(file: File, bytes: Uint8Array): number {
    const length = file.length + bytes.length;
    if (length > file.bytes.length || file.bytes === file.synced) {
      const larger = Buffer.alloc(Math.max(256, 2 * length));
      larger.set(file.bytes.subarray(0, file.length));
      file.bytes = larger;
    }
    file.bytes.set(bytes, file.length);
    file.length = length;
    return bytes.length;
  }

  private of(descriptor: number): Open {
    const open = this.open.get(descriptor);
    if (!open) throw failed('EBADF', `${descriptor}`);
    return open;
  }

  /** Bytes of all files. */
  get used(): number {
    let used = 0;
    for (const { length } of this.files.values()) used += length;
    return used;
  }
}

function isWithin(name: string, folder: string): boolean {
  return name === folder || name.startsWith(`${folder}/`);
}

function statOf({ length, ino }: File) {
  return { size: length, ino, mtimeMs: 0, isDirectory: () => false };
}

function failed(code: string, what: string): NodeJS.ErrnoException {
  return Object.assign(new Error(`${code}: ${what}`), { code });
}
