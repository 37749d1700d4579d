import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { availabilityTrace, columns as available } from '../../../protocol/faults/availability-trace.js';
import { columns as bandwidth, bandwidthTrace } from '../../../protocol/faults/bandwidth-trace.js';
import { TraceTable } from '../../../protocol/faults/parts/trace.js';
import { columns as speed, speedTrace } from '../../../protocol/faults/speed-trace.js';
import type { ScenarioInput } from '../../../protocol/scenario/input.js';
import { readTrace, withTraces } from '../../../scenarios/run/traces.js';
import { resolved, temporaryFolder } from '../../support/scripted-run.js';

const written = (text: string): string => {
  const folder = temporaryFolder();
  writeFileSync(join(folder, 'trace.csv'), text);
  return folder;
};
const read = (text: string, columns: Parameters<typeof readTrace>[1]) => readTrace('trace.csv', columns, written(text));

const input: ScenarioInput = {
  name: 'traced',
  method: { name: 'fedavg', batchSize: 10 },
  data: { name: 'gaussian-clusters', examples: 200, testExamples: 50, partition: 'iid' },
  clients: 6,
  rounds: 6,
  devices: [{ clients: 'all', msPerExample: 10_000 }],
  faults: [
    availabilityTrace({ trace: 'trace.csv' }),
    speedTrace({ trace: 'trace.csv' }),
    bandwidthTrace({ trace: 'trace.csv' }),
  ],
  checkpoints: { everyRounds: 2 },
};

describe('traces of devices', () => {
  it('hold from a time on, client by client modulo those of the file, and begin again after their period', () => {
    const { rows } = read('client,time,speed\n0,0,1\n1,0,4\n0,10,2\n', speed);
    const table = new TraceTable({ trace: { file: null, sha256: null, rows }, timeUnit: 'seconds', period: 20 });
    const speeds = (client: number) =>
      [0, 9_999, 10_000, 19_999, 20_000, 30_000].map((ms) => table.at(client, 0, ms)[2]);
    expect(speeds(2)).to.deep.equal([1, 1, 2, 2, 1, 2]);
    expect(speeds(3)).to.deep.equal([4, 4, 4, 4, 4, 4]);
    const inRounds = new TraceTable({ trace: { file: null, sha256: null, rows }, timeUnit: 'rounds', period: null });
    expect([9, 10, 99].map((round) => inRounds.at(0, round, 0)[2])).to.deep.equal([1, 2, 2]);
  });

  it('may be one row: one client whose values never change', () => {
    expect(read('client,time,available\n0,0,1\n', available).rows).to.deep.equal([[0, 0, 1]]);
    expect(() => read('client,time,available\n', available)).to.throw('expected at least 1 row of values, got 0');
  });

  it('are read by the names of their columns: others are left aside, and an empty cell is the value before it', () => {
    const trace = read('up,note,time,client,down\n5,x,0,0,10\n,y,3.5,0,20\n', bandwidth);
    expect(trace.rows).to.deep.equal([
      [0, 0, 10, 5],
      [0, 3.5, 20, 5],
    ]);
    expect(trace.file).to.equal('trace.csv');
    expect(trace.sha256).to.match(/^[\da-f]{64}$/);
  });

  for (const [what, text, message] of [
    [
      'a value out of range',
      'client,time,available\n0,0,1\n0,5,2\n',
      "trace.csv: line 3, column 'available': expected 0 or 1, got '2'",
    ],
    [
      'a text',
      'client,time,available\n0,0,1\n0,soon,1\n',
      "trace.csv: line 3, column 'time': expected a number, got 'soon'",
    ],
    [
      'time that goes back',
      'client,time,available\n0,0,1\n0,5,1\n0,5,0\n',
      "line 4, column 'time': expected a time after 5, got '5'",
    ],
    [
      'a late beginning',
      'client,time,available\n0,1,1\n0,5,1\n',
      "line 2, column 'time': expected 0, since it is the first row of client 0, got '1'",
    ],
    [
      'a missing client',
      'client,time,available\n0,0,1\n2,0,1\n',
      "line 3, column 'client': expected client 1 before it, got '2'",
    ],
    [
      'an empty first cell',
      'client,time,available\n0,0,\n0,1,1\n',
      "line 2, column 'available': expected a number, got ''",
    ],
    [
      'a missing column',
      'client,time,speed\n0,0,1\n0,1,1\n',
      "line 1: expected a column 'available', got client, time, speed",
    ],
    ['a short row', 'client,time,available\n0,0,1\n0,5\n', 'line 3: expected 3 values as in line 1, got 2'],
  ] as const)
    it(`${what} is refused with file, line and column`, () => {
      expect(() => read(text, available)).to.throw(message);
    });

  it('of wrong rows in place, of a path that nothing read, and under the wall clock are refused', async () => {
    const fails = (changes: object) => resolved({ ...input, ...changes }).then(() => '', String);
    expect(await fails({ faults: [speedTrace({ trace: { rows: [[0, 0, 0]] } })] })).to.contain(
      'faults.0.trace.rows.0.2: expected a number from 1e-9 to 1e9, got 0',
    );
    expect(await fails({})).to.contain('faults.0.trace: expected { rows }');
    const faults = [availabilityTrace({ trace: { rows: [[0, 0, 1]] } })];
    expect(await fails({ faults, clock: 'wall' })).to.contain("clock: expected 'virtual', since 'availability-trace'");
  });

  it('of a sweep are read in its base and along its axes', () => {
    const folder = written('client,time,speed\n0,0,1\n0,1,2\n');
    const faults = [speedTrace({ trace: 'trace.csv' })];
    const sweep = withTraces(
      { sweep: 's', base: { ...input, faults }, over: { 'faults.0.trace': ['trace.csv'], faults: [faults, []] } },
      folder,
    );
    const rows = [
      [0, 0, 1],
      [0, 1, 2],
    ];
    expect(sweep.base.faults![0]!.trace).to.deep.include({ rows });
    expect(sweep.over['faults.0.trace']![0]).to.deep.include({ rows });
    expect((sweep.over.faults![0] as typeof faults)[0]!.trace).to.deep.include({ rows });
  });
});
