import { existsSync, mkdirSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { expect } from 'chai';
import { localPlace } from '../../../protocol/sockets/local-place.js';
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
});
