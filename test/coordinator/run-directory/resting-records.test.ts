import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { sha256 } from '../../../coordinator/run-directory/digest.js';
import { RunDirectory } from '../../../coordinator/run-directory/run-directory.js';
import type { PartyId } from '../../../protocol/method.js';
import { rootStream } from '../../../protocol/numerics/random.js';
import { encodeRecord, restingRecord } from '../../../protocol/party/record.js';
import { temporaryFolder } from './temporary-folder.js';

const folder = temporaryFolder();

const create = (): RunDirectory =>
  RunDirectory.create({ root: folder(), scenarioName: 'resting', scenario: { seed: 3 } });

const resting = (client: number, clockMs: number) => encodeRecord(client, restingRecord(clockMs));
const keeping = (client: number, value: number) =>
  encodeRecord(client, { ...restingRecord(0), state: { x: Float64Array.of(client, value) } });

/** Keys of the newest checkpoint's index, and its path. */
function indexOf(run: RunDirectory, round: number) {
  const path = join(run.path, `checkpoints/round-${String(round).padStart(6, '0')}/checkpoint.json`);
  const index = JSON.parse(readFileSync(path, 'utf8').split('\n')[0]!) as {
    format: number;
    entries: { key: string; length: number }[];
  };
  return { path, index };
}

describe('records that hold a clock alone', () => {
  it('have no entry of their own in a checkpoint: a thousand clients share one of 12 bytes each', () => {
    const run = create();
    const parties = new Map<PartyId, Uint8Array>([['coordinator', keeping(0, 1)]]);
    for (let client = 0; client < 1000; client++) parties.set(client, resting(client, client / 3));
    parties.set(1000, keeping(1000, 2));
    run.checkpoint({ round: 1, parties });
    const { entries } = indexOf(run, 1).index;
    expect(entries.map(({ key }) => key)).to.have.members([
      'extra',
      'ledger',
      'party/1000',
      'party/coordinator',
      'resting/000000000',
    ]);
    expect(entries.find(({ key }) => key.startsWith('resting'))!.length).to.be.within(12_000, 12_050);
    run.close();
    const again = RunDirectory.open(run.path);
    const restored = again.restore()!.parties;
    expect(restored.size).to.equal(1002);
    for (const [party, bytes] of parties) expect(restored.get(party), `${party}`).to.deep.equal(bytes);
    again.close();
  });

  it('come back as they were in any of 60 checkpoints, of clients that rest, keep something, and rest again', () => {
    let run = create();
    const draw = rootStream(7, 'float64').derive('resting');
    const expected = new Map<PartyId, Uint8Array>();
    for (let round = 1; round <= 60; round++) {
      const changed = new Map<PartyId, Uint8Array>();
      for (let i = draw.below(20); i > 0; i--) {
        const client = draw.below(40);
        changed.set(client, draw.below(3) === 0 ? keeping(client, round) : resting(client, draw.below(4)));
      }
      run.checkpoint({ round, parties: changed });
      for (const [client, bytes] of changed) expected.set(client, bytes);
      const { entries } = indexOf(run, round).index;
      // Tables are joined before they name every client more than twice.
      const named = entries.reduce((sum, { key, length }) => sum + (key.startsWith('resting') ? length : 0), 0);
      expect(named).to.be.below(2 * 40 * 12 + 60 * 50);
      if (round % 7 !== 0) continue;
      run.close();
      run = RunDirectory.open(run.path);
      const restored = run.restore()!;
      expect(restored.round).to.equal(round);
      expect(new Map([...restored.parties].sort())).to.deep.equal(new Map([...expected].sort()));
    }
    run.close();
  });

  it('of the same round twice are both kept', () => {
    const run = create();
    run.checkpoint({ round: 4, parties: new Map([[1, resting(1, 5)]]) });
    run.checkpoint({ round: 4, parties: new Map([[2, resting(2, 6)]]) });
    const { parties } = run.restore()!;
    expect([...parties].sort()).to.deep.equal([
      [1, resting(1, 5)],
      [2, resting(2, 6)],
    ]);
    run.close();
  });

  it('are read from a checkpoint of an older version, where each has an entry, and continue from there', () => {
    const run = create();
    run.checkpoint({ round: 1, parties: new Map([[1, keeping(1, 5)]]) });
    // As that version wrote it.
    const { path } = indexOf(run, 1);
    const states = join(run.path, 'checkpoints/round-000001/states.bin');
    const line = readFileSync(path, 'utf8').split('\n')[0]!;
    const { entries, ...index } = JSON.parse(line);
    const old = resting(1, 5);
    const bytes = readFileSync(states);
    writeFileSync(states, Buffer.concat([bytes, old]));
    const entry = { key: 'party/2', offset: bytes.length, length: old.length, sha256: sha256(old) };
    const text = JSON.stringify({ ...index, format: 1, entries: [...entries, entry] });
    writeFileSync(path, `${text}\n${sha256(text)}\n`);
    run.close();
    const again = RunDirectory.open(run.path);
    expect(again.restore()!.parties.get(2)).to.deep.equal(old);
    again.checkpoint({ round: 2, parties: new Map([[2, resting(2, 9)]]) });
    const { parties } = again.restore()!;
    expect(parties.get(2)).to.deep.equal(resting(2, 9));
    expect(parties.get(1)).to.deep.equal(keeping(1, 5));
    expect(indexOf(again, 2).index.format).to.equal(2);
    again.close();
  });
});
