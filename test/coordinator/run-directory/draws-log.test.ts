import { appendFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { readDraws } from '../../../coordinator/run-directory/draws.js';
import { DrawsLog } from '../../../coordinator/run-directory/draws-log.js';
import { RunDirectory } from '../../../coordinator/run-directory/run-directory.js';
import { temporaryFolder } from './temporary-folder.js';

describe('coordinator/run-directory/draws-log', () => {
  const folder = temporaryFolder();

  it('gives back every number by chain and draw, in the order of the rounds', () => {
    const log = new DrawsLog(join(folder(), 'draws.log'));
    log.append([Float64Array.of(1, 2, 3, 4), new Float64Array(0), Float64Array.of(-0, 0.1)]);
    log.append([Float64Array.of(5, 6), Float64Array.of(7, 8), new Float64Array(0)]);
    expect(log.read(2).map((chain) => chain.map((draw) => [...(draw as Float64Array)]))).to.deep.equal([
      [
        [1, 2],
        [3, 4],
        [5, 6],
      ],
      [[7, 8]],
      [[-0, 0.1]],
    ]);
    log.close();
  });

  it('cut to a checkpoint forgets what came later; a record that a crash left unfinished is not read', () => {
    const path = join(folder(), 'draws.log');
    const log = new DrawsLog(path);
    log.append([Float64Array.of(1)]);
    const length = log.syncedByteLength();
    log.append([Float64Array.of(2)]);
    expect(log.read(1)[0]).to.have.length(2);
    expect(log.cut(length)).to.equal(true);
    expect(log.cut(length + 1)).to.equal(false);
    appendFileSync(path, Uint8Array.of(0, 0, 0, 0, 1, 0, 0, 0, 9, 9));
    expect(log.read(1)).to.deep.equal([[Float64Array.of(1)]]);
    log.close();
  });

  it('a run ends with draws.npy, cut to its shortest chain; without draws there is none', () => {
    const directory = RunDirectory.create({ root: folder(), scenarioName: 'draws', scenario: {} });
    expect(directory.concludeDraws(2)).to.equal(null);
    directory.draws([Float64Array.of(1, 2, 3, 4), Float64Array.of(5, 6)]);
    const draws = directory.concludeDraws(2);
    expect(draws).to.deep.equal([[Float64Array.of(1, 2)], [Float64Array.of(5, 6)]]);
    expect(readDraws(join(directory.path, 'draws.npy'))).to.deep.equal(draws);
    directory.close();
  });
});
