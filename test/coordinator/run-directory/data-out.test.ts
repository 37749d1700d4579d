import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { parse } from 'csv-parse/sync';
import { parquetReadObjects } from 'hyparquet';
import { crc32c, EventFile } from '../../../coordinator/run-directory/event-file.js';
import { writeLongTable } from '../../../coordinator/run-directory/long-table.js';
import { temporaryFolder } from './temporary-folder.js';

const folder = temporaryFolder();

const row = (round: number, loss: number | null, extra: Record<string, number> = {}) => ({
  ...{ round, loss, accuracy: null, bytesUp: 10, bytesDown: 0, bytesPeer: 0, simulatedMs: 5, wallMs: 6 },
  extra,
});

describe('the long table of a sweep', () => {
  it('has a line for each number that was measured, the same as CSV and as Parquet', async () => {
    await writeLongTable(folder(), [
      { point: 'p,0', seed: 3, rows: [row(1, 0.5, { 'norm/a': 2 }), row(2, null)] },
      { point: 'p1', seed: 4, rows: [row(1, Number.NaN)] },
    ]);
    const csv = parse(readFileSync(join(folder(), 'results.csv'), 'utf8')) as string[][];
    expect(csv.slice(0, 2)).to.deep.equal([
      ['point', 'seed', 'round', 'metric', 'value'],
      ['p,0', '3', '1', 'loss', '0.5'],
    ]);
    expect(csv.filter(([, , , metric]) => metric === 'norm/a')).to.deep.equal([['p,0', '3', '1', 'norm/a', '2']]);
    expect(csv.filter(([, , , metric]) => metric === 'loss')).to.have.length(2);
    const bytes = readFileSync(join(folder(), 'results.parquet'));
    const file = bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.length) as ArrayBuffer;
    const rows = await parquetReadObjects({ file });
    expect(rows.map((each) => Object.values(each).map(String))).to.deep.equal(csv.slice(1));
  });
});

describe('event files', () => {
  it('have the checksum of RFC 3720: 0xe3069283 of the digits 1 to 9', () => {
    expect(crc32c(new TextEncoder().encode('123456789'))).to.equal(0xe3069283);
  });

  it('hold a version and then a summary a round, each between its length and its checksums', () => {
    const events = new EventFile(folder(), 1_700_000_000_000);
    events.row(row(300, 0.25), 1_700_000_001_000);
    events.close();
    const [name] = readdirSync(folder()).filter((file) => file.startsWith('events.out.tfevents.1700000000'));
    const bytes = readFileSync(join(folder(), name!));
    const records: Buffer[] = [];
    for (let at = 0; at < bytes.length; ) {
      const length = Number(bytes.readBigUInt64LE(at));
      const data = bytes.subarray(at + 12, at + 12 + length);
      const masked = (crc: number) => (((crc >>> 15) | (crc << 17)) + 0xa282ead8) >>> 0;
      expect(bytes.readUInt32LE(at + 8)).to.equal(masked(crc32c(bytes.subarray(at, at + 8))));
      expect(bytes.readUInt32LE(at + 12 + length)).to.equal(masked(crc32c(data)));
      records.push(data);
      at += 16 + length;
    }
    expect(records).to.have.length(2);
    expect(records[0]!.toString('latin1')).to.include('brain.Event:2');
    // Field 1, the time as a double; field 2, step 300 as a varint: 0xac 0x02.
    expect(records[1]!.readDoubleLE(1)).to.equal(1_700_000_001);
    expect([...records[1]!.subarray(9, 12)]).to.deep.equal([0x10, 0xac, 0x02]);
    const at = records[1]!.indexOf('loss') + 4;
    expect(records[1]![at]).to.equal(0x15);
    expect(records[1]!.readFloatLE(at + 1)).to.equal(0.25);
    expect(records[1]!.includes('accuracy')).to.equal(false);
  });
});
