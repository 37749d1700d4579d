import {
  closeSync,
  existsSync,
  fsyncSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  readSync,
  renameSync,
  rmSync,
} from 'node:fs';
import { join } from 'node:path';
import { GradswarmError } from '../../protocol/errors.js';
import { PARTIAL, partialPath, replaceFile, writeFully } from './atomic-file.js';
import { sha256 } from './digest.js';

/** Which run a checkpoint belongs to. */
export interface RunIdentity {
  readonly runId: string;
  readonly scenarioSha256: string;
}

interface Entry {
  readonly key: string;
  readonly offset: number;
  readonly length: number;
  readonly sha256: string;
}

/** checkpoint.json: the entries that changed, and the checkpoint that holds the others. */
interface Index extends RunIdentity {
  /** 1: of versions that had an entry for each party. */
  readonly format: 1 | 2;
  readonly round: number;
  /** Round of the checkpoint that this one continues; null when it holds everything itself. */
  readonly base: number | null;
  readonly lengths: Readonly<Record<string, number>>;
  readonly entries: readonly Entry[];
  readonly removed: readonly string[];
}

export interface StoredCheckpoint {
  readonly round: number;
  readonly entries: ReadonlyMap<string, Uint8Array>;
  readonly lengths: Readonly<Record<string, number>>;
}

/** What an entry costs in the index, about. */
const ENTRY_OVERHEAD_BYTES = 128;

/**
 * Named byte strings by round, one folder `round-000120` each: `states.bin` with the entries that changed since the folder
 * before, and `checkpoint.json`. When those changes add up to the size of everything, one folder with everything is
 * written, and what is older than the last such folder is deleted. So a checkpoint costs what changed (amortised, at most
 * twice that) and the disk holds about four times the states. A folder appears by one rename, when all of it is on the
 * disk.
 */
export class CheckpointStore {
  private readonly folder: string;
  private readonly identity: RunIdentity;
  /** Where the newest version of each entry is. */
  private places = new Map<string, Entry & { readonly round: number }>();
  private base: number | null = null;
  private fullRounds: number[] = [];
  private changedBytesSinceFull = 0;
  private fullBytes = 0;

  /** `earlier`: SHA-256 of the run's scenario when it had fewer rounds. */
  constructor(
    folder: string,
    identity: RunIdentity,
    private readonly earlier: readonly string[] = [],
  ) {
    this.folder = folder;
    this.identity = identity;
    mkdirSync(folder, { recursive: true });
    for (const name of readdirSync(folder)) {
      if (name.endsWith(PARTIAL)) rmSync(join(folder, name), { recursive: true, force: true });
    }
  }

  /** Rounds with a checkpoint, ascending. */
  rounds(): number[] {
    const names = readdirSync(this.folder).filter((name) => /^round-\d{6,}$/.test(name));
    return names.map((name) => Number(name.slice(6))).sort((a, b) => a - b);
  }

  /**
   * `entries`: those that may have changed since the last checkpoint (equal bytes are not written again); null removes one.
   * `lengths`: of the append-only files. Returns what was written.
   */
  write(
    round: number,
    entries: ReadonlyMap<string, Uint8Array | null>,
    lengths: Readonly<Record<string, number>>,
  ): { readonly writtenBytes: number; readonly writtenEntries: number } {
    const changed = new Map<string, { readonly bytes: Uint8Array; readonly sha256: string }>();
    const removed = new Set<string>();
    for (const [key, bytes] of entries) {
      const hash = bytes === null ? '' : sha256(bytes);
      if (bytes === null) removed.add(key);
      else if (this.places.get(key)?.sha256 !== hash) changed.set(key, { bytes, sha256: hash });
    }
    this.refuseEarlier(round);
    const full = this.base === null || this.base === round || this.changedBytesSinceFull >= this.fullBytes;
    const keys = full ? [...new Set([...this.places.keys(), ...changed.keys()])] : [...changed.keys()];
    const kept = keys.filter((key) => !removed.has(key)).sort();
    const partial = partialPath(this.path(round));
    mkdirSync(partial);
    const written = this.writeStates(join(partial, 'states.bin'), kept, changed);
    const base = full ? null : this.base;
    const index: Index = {
      format: 2,
      ...this.identity,
      round,
      base,
      lengths,
      entries: written,
      removed: full ? [] : [...removed],
    };
    replaceFile(join(partial, 'checkpoint.json'), sealed(index));
    rmSync(this.path(round), { recursive: true, force: true });
    renameSync(partial, this.path(round));
    this.follow(index);
    if (full) this.deleteOld();
    return { writtenBytes: bytesOf(written), writtenEntries: written.length };
  }

  /** Has an entry of this name been written, and not removed? */
  has(key: string): boolean {
    return this.places.has(key);
  }

  private refuseEarlier(round: number): void {
    if (this.base !== null && round < this.base) {
      throw new GradswarmError(
        'ERR_CHECKPOINT',
        `round ${round}: expected a round from ${this.base} on, where the last checkpoint is; restore an earlier one first`,
      );
    }
  }

  private writeStates(
    path: string,
    keys: readonly string[],
    changed: ReadonlyMap<string, { readonly bytes: Uint8Array; readonly sha256: string }>,
  ): Entry[] {
    const descriptor = openSync(path, 'w');
    let offset = 0;
    try {
      return keys.map((key) => {
        const place = this.places.get(key);
        const now = changed.get(key) ?? { bytes: this.read(place!), sha256: place!.sha256 };
        writeFully(descriptor, now.bytes);
        const entry = { key, offset, length: now.bytes.length, sha256: now.sha256 };
        offset += entry.length;
        return entry;
      });
    } finally {
      fsyncSync(descriptor);
      closeSync(descriptor);
    }
  }

  /** Updates the index of records by a checkpoint that was written or read. */
  private follow(index: Index): void {
    if (index.base === null) {
      this.places = new Map();
      this.fullRounds.push(index.round);
      this.fullBytes = bytesOf(index.entries);
      this.changedBytesSinceFull = 0;
    } else {
      this.changedBytesSinceFull += bytesOf(index.entries);
    }
    for (const entry of index.entries) this.places.set(entry.key, { ...entry, round: index.round });
    for (const key of index.removed) this.places.delete(key);
    this.base = index.round;
  }

  /** Keeps the last two that hold everything, and all that continue them. */
  private deleteOld(): void {
    this.fullRounds = this.fullRounds.slice(-2);
    for (const round of this.rounds()) {
      if (round < this.fullRounds[0]!) rmSync(this.path(round), { recursive: true, force: true });
    }
  }

  /**
   * Everything as of `round`, every byte checked; later checkpoints are deleted and the next `write` continues this one.
   * Throws ERR_CHECKPOINT when something is missing, damaged or of another run, and what `check` throws, before it deletes.
   */
  restore(round: number, check: (lengths: StoredCheckpoint['lengths']) => void = () => {}): StoredCheckpoint {
    const chain = [this.readIndex(round)];
    for (let base = chain[0]!.base; base !== null; base = chain[0]!.base) {
      if (base >= chain[0]!.round) damaged(this.path(round), 'a base of an earlier round', `round ${base}`);
      chain.unshift(this.readIndex(base));
    }
    this.fullRounds = [];
    for (const index of chain) this.follow(index);
    const entries = new Map<string, Uint8Array>();
    for (const [key, place] of this.places) entries.set(key, this.read(place));
    check(chain.at(-1)!.lengths);
    for (const later of this.rounds()) {
      if (later > round) rmSync(this.path(later), { recursive: true, force: true });
    }
    return { round, entries, lengths: chain.at(-1)!.lengths };
  }

  /** Of the growing files when the checkpoint was written; null: its index is damaged, or of another run. Nothing else is read. */
  lengths(round: number): StoredCheckpoint['lengths'] | null {
    try {
      return this.readIndex(round).lengths;
    } catch (error) {
      if (error instanceof GradswarmError) return null;
      throw error;
    }
  }

  /** Deletes all checkpoints. */
  clear(): void {
    for (const round of this.rounds()) rmSync(this.path(round), { recursive: true, force: true });
    this.places = new Map();
    this.base = null;
    this.fullRounds = [];
  }

  private readIndex(round: number): Index {
    const path = join(this.path(round), 'checkpoint.json');
    if (!existsSync(path)) damaged(path, 'a file', 'nothing');
    const text = readFileSync(path, 'utf8');
    const end = text.indexOf('\n');
    if (end < 0 || text.slice(end) !== `\n${sha256(text.slice(0, end))}\n`) {
      damaged(path, 'its own checksum', 'another one');
    }
    const index = JSON.parse(text.slice(0, end)) as Index;
    if (index.format !== 1 && index.format !== 2) damaged(path, 'format 1 or 2', `format ${index.format}`);
    for (const name of ['runId', 'scenarioSha256'] as const) {
      const isEarlier = name === 'scenarioSha256' && this.earlier.includes(index[name]);
      if (index[name] !== this.identity[name] && !isEarlier)
        throw new ForeignCheckpoint(`${path}: expected ${name} ${this.identity[name]}, got ${index[name]}`);
    }
    if (index.round !== round) damaged(path, `round ${round}`, `round ${index.round}`);
    return index;
  }

  private read(place: Entry & { readonly round: number }): Uint8Array {
    const path = join(this.path(place.round), 'states.bin');
    if (!existsSync(path)) damaged(path, 'a file', 'nothing');
    const bytes = new Uint8Array(place.length);
    const descriptor = openSync(path, 'r');
    const count = place.length === 0 ? 0 : readSync(descriptor, bytes, 0, place.length, place.offset);
    closeSync(descriptor);
    if (count !== place.length) damaged(path, `${place.length} bytes of ${place.key}`, `${count}`);
    if (sha256(bytes) !== place.sha256) damaged(path, `${place.key} as it was written`, 'other bytes');
    return bytes;
  }

  private path(round: number): string {
    return join(this.folder, `round-${String(round).padStart(6, '0')}`);
  }
}

function bytesOf(entries: readonly Entry[]): number {
  return entries.reduce((sum, { length }) => sum + length + ENTRY_OVERHEAD_BYTES, 0);
}

/** One line of JSON and one line with its SHA-256. */
function sealed(index: Index): string {
  const text = JSON.stringify(index);
  return `${text}\n${sha256(text)}\n`;
}

/** Of another run, or of this one before its scenario.json was changed: nothing that is passed over in silence. */
export class ForeignCheckpoint extends GradswarmError {
  constructor(message: string) {
    super('ERR_CHECKPOINT', message);
  }
}

export function damaged(path: string, expected: string, came: string): never {
  throw new GradswarmError(
    'ERR_CHECKPOINT',
    `${path}: expected ${expected}, got ${came}; delete that round's folder to go back to the checkpoint before it`,
  );
}
