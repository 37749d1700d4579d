import { spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, statSync, utimesSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { dirname, join } from 'node:path';
import { expect } from 'chai';
import { type LocalPlace, localPlace, removeLeftPlaces } from '../../../protocol/sockets/local-place.js';
import { temporaryFolder } from '../../support/scripted-run.js';

/** A folder whose path has so many bytes. */
function folderOf(bytes: number): string {
  const folder = temporaryFolder();
  const deep = join(folder, 'a'.repeat(bytes - Buffer.byteLength(folder) - 1));
  mkdirSync(deep);
  return deep;
}

describe('the place of a Unix-domain socket', () => {
  it('is a new folder each time, which its user alone may enter, and is removed with it', () => {
    const parent = temporaryFolder();
    const [first, second] = [localPlace(parent, 'linux')!, localPlace(parent, 'linux')!];
    expect(first.path).to.not.equal(second.path);
    expect(statSync(dirname(first.path)).mode & 0o777).to.equal(0o700);
    first.remove();
    expect([existsSync(dirname(first.path)), existsSync(dirname(second.path))]).to.deep.equal([false, true]);
    second.remove();
  });

  it('is none where the path would have more than 103 bytes, has a colon, or cannot be made, nor on Windows', () => {
    // /gradswarm-XXXXXX/frames
    const longest = localPlace(folderOf(103 - 24), 'linux')!;
    expect(Buffer.byteLength(longest.path)).to.equal(103);
    longest.remove();
    expect(localPlace(folderOf(104 - 24), 'linux')).to.equal(null);
    const colon = join(temporaryFolder(), 'a:b');
    mkdirSync(colon);
    expect(localPlace(colon, 'linux')).to.equal(null);
    expect(localPlace(join(temporaryFolder(), 'gone'), 'linux')).to.equal(null);
    expect(localPlace(temporaryFolder(), 'win32')).to.equal(null);
  });

  it('is removed by the next run where its process was killed, and only there', async () => {
    const parent = temporaryFolder();
    const [killed, listening, early] = [1, 2, 3].map(() => localPlace(parent, 'linux')!) as [
      LocalPlace,
      LocalPlace,
      LocalPlace,
    ];
    const kill = "require('net').createServer().listen(process.argv[1], () => process.kill(process.pid, 'SIGKILL'))";
    expect(spawnSync(process.execPath, ['-e', kill, killed.path]).signal).to.equal('SIGKILL');
    const server = createServer().listen(listening.path);
    await once(server, 'listening');
    const other = join(parent, 'gradswarm-report');
    mkdirSync(other);
    writeFileSync(join(other, 'frames'), 'of a person');
    await removeLeftPlaces(parent);
    expect(existsSync(killed.path), 'as young as one that is being made').to.equal(true);
    const now = Date.now() / 1000;
    for (const place of [killed, listening, early]) utimesSync(dirname(place.path), now, now - 61);
    utimesSync(other, now, now - 61);
    await removeLeftPlaces(parent);
    const exist = [dirname(killed.path), listening.path, dirname(early.path), join(other, 'frames')].map((path) =>
      existsSync(path),
    );
    expect(exist).to.deep.equal([false, true, true, true]);
    server.close();
    for (const place of [killed, listening, early]) place.remove();
  });
});
