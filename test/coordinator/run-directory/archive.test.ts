import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import { expect } from 'chai';
import { create } from 'tar';
import { archiveOf, unpackArchive } from '../../../coordinator/run-directory/archive.js';
import { temporaryFolder } from '../../support/scripted-run.js';

function filesOf(folder: string): Readonly<Record<string, string>> {
  const files: Record<string, string> = {};
  for (const entry of readdirSync(folder, { recursive: true, withFileTypes: true }))
    if (entry.isFile()) {
      const path = join(entry.parentPath, entry.name);
      files[path.slice(folder.length + 1)] = readFileSync(path, 'latin1');
    }
  return files;
}

async function errorOf(promise: Promise<unknown>): Promise<string> {
  return promise.then(
    () => 'no error',
    (error: Error) => error.message,
  );
}

describe('coordinator/run-directory/archive', () => {
  it('a reader that leaves in the middle harms nothing: no error is thrown where no one waits, and no copy stays', async () => {
    const folder = temporaryFolder();
    for (let i = 0; i < 40; i++) writeFileSync(join(folder, `${i}`), 'x'.repeat(5000));
    const uncaught: unknown[] = [];
    const catches = (error: unknown): void => void uncaught.push(error);
    const others = process.listeners('uncaughtException');
    process.removeAllListeners('uncaughtException').on('uncaughtException', catches);
    try {
      for (let turn = 0; turn < 5; turn++) {
        const stream = archiveOf(folder);
        for await (const _part of stream) break;
        expect(stream.destroyed).to.equal(true);
      }
      await new Promise((resolve) => setTimeout(resolve, 100));
    } finally {
      process.removeAllListeners('uncaughtException');
      for (const other of others) process.on('uncaughtException', other);
    }
    expect(uncaught.map(String)).to.deep.equal([]);
    expect(readdirSync(folder)).to.have.length(40);
  });

  it('a folder comes out as it went in, binary files and folders in it too, without lock and unfinished files', async () => {
    const folder = temporaryFolder();
    mkdirSync(join(folder, 'checkpoints', '7'), { recursive: true });
    writeFileSync(join(folder, 'metrics.csv'), 'round,loss\n1,0.5\n');
    writeFileSync(
      join(folder, 'checkpoints', '7', 'x.bin'),
      Uint8Array.from({ length: 70_000 }, (_, i) => i % 251),
    );
    writeFileSync(join(folder, 'empty'), '');
    const expected = filesOf(folder);
    writeFileSync(join(folder, 'lock'), '{}');
    writeFileSync(join(folder, '.metrics.csv-1.partial'), 'half');
    const copy = join(temporaryFolder(), 'copy');
    await unpackArchive(archiveOf(folder), copy);
    expect(filesOf(copy)).to.deep.equal(expected);
  });

  it('what a run writes, cuts and removes while the archive is read does not reach it', async () => {
    const folder = temporaryFolder();
    const checkpoint = join(folder, 'checkpoints', '20');
    mkdirSync(checkpoint, { recursive: true });
    writeFileSync(join(checkpoint, 'states.bin'), 'x'.repeat(3_000_000));
    writeFileSync(join(folder, 'metrics.csv'), 'round,loss\n'.padEnd(2_000_000, '1'));
    const expected = filesOf(folder);
    const source = archiveOf(folder);
    const parts = source[Symbol.asyncIterator]();
    const first = (await parts.next()).value as Buffer;
    rmSync(checkpoint, { recursive: true });
    truncateSync(join(folder, 'metrics.csv'), 10);
    writeFileSync(join(folder, 'events.jsonl'), '{}');
    async function* rest() {
      yield first;
      for (let part = await parts.next(); !part.done; part = await parts.next()) yield part.value;
    }
    const copy = join(temporaryFolder(), 'copy');
    await unpackArchive(Readable.from(rest(), { objectMode: false }), copy);
    expect(filesOf(copy)).to.deep.equal(expected);
    expect(readdirSync(folder).sort()).to.deep.equal(['checkpoints', 'events.jsonl', 'metrics.csv']);
  });

  it('an archive that ends early leaves nothing behind', async () => {
    const folder = temporaryFolder();
    writeFileSync(join(folder, 'large'), 'x'.repeat(200_000));
    const whole = await buffer(archiveOf(folder));
    const parent = temporaryFolder();
    const copy = join(parent, 'copy');
    expect(await errorOf(unpackArchive(Readable.from([whole.subarray(0, 100_000)]), copy))).to.match(
      /^ERR_PROTOCOL: expected a whole archive of the run, got /,
    );
    expect(readdirSync(parent)).to.deep.equal([]);
  });

  it('a folder with files is refused before anything is read', async () => {
    const folder = temporaryFolder();
    writeFileSync(join(folder, 'precious'), 'mine');
    expect(await errorOf(unpackArchive(Readable.from([]), folder))).to.match(
      /^ERR_USAGE: .*: expected a new or empty folder, got one with files$/,
    );
    expect(filesOf(folder)).to.deep.equal({ precious: 'mine' });
  });

  it('an archive of a hostile coordinator writes nothing outside the folder and makes no link', async () => {
    const source = temporaryFolder();
    mkdirSync(join(source, 'inner'));
    writeFileSync(join(source, 'outside'), 'evil');
    writeFileSync(join(source, 'inner', 'good'), 'good');
    symlinkSync('/etc', join(source, 'inner', 'link'));
    const parent = temporaryFolder();
    const copy = join(parent, 'copy');
    // Paths that climb, kept as they are.
    const pack = create({ cwd: join(source, 'inner'), preservePaths: true, portable: true }, [
      'good',
      'link',
      '../outside',
    ]);
    await errorOf(unpackArchive(Readable.from(pack as unknown as AsyncIterable<Buffer>, { objectMode: false }), copy));
    expect(existsSync(join(parent, 'outside'))).to.equal(false);
    expect(existsSync(copy) ? readdirSync(copy) : []).to.not.include('link');
  });
});
