import {
  cpSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  renameSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { readMetrics } from '../../../coordinator/run-directory/metrics.js';
import { RunDirectory } from '../../../coordinator/run-directory/run-directory.js';
import type { PartyId } from '../../../protocol/method.js';
import { encodeState } from '../../../protocol/party/state-codec.js';
import { temporaryFolder } from './temporary-folder.js';

const folder = temporaryFolder();

function create(scenario: unknown = { seed: 3 }): RunDirectory {
  return RunDirectory.create({
    root: folder(),
    scenarioName: 'fedavg-label-skew',
    scenario,
    setting: { seed: 3, transport: 'in-process' },
  });
}

/** Client `client`'s state after `round` rounds. */
function stateBytes(client: number, round: number): Uint8Array {
  return encodeState({ x: Float64Array.of(client, round, 1 / 3) });
}

function play(run: RunDirectory, round: number, extra: Record<string, number> = {}): void {
  const common = { t: round * 10, wallMs: 0, round };
  run.event({ ...common, event: 'evaluation', fields: { loss: 1 / round, accuracy: null } });
  run.delivery({ round, attempt: 1, absent: [] });
  const bytes = { bytesUp: 100, bytesDown: 200, bytesPeer: 0 };
  run.metric({ round, loss: 1 / round, accuracy: null, ...bytes, simulatedMs: round * 10, wallMs: 0, extra });
}

function checkpoint(run: RunDirectory, round: number, clients: readonly number[]) {
  const parties = new Map<PartyId, Uint8Array>(clients.map((client) => [client, stateBytes(client, round)]));
  return run.checkpoint({ round, parties, ledger: { releases: round }, extra: { clockMs: round * 10 } });
}

function texts(run: RunDirectory): string[] {
  return (['events.jsonl', 'deliveries.jsonl', 'metrics.csv'] as const).map((name) =>
    readFileSync(run.file(name), 'utf8'),
  );
}

describe('RunDirectory', () => {
  it('is <root>/<scenario>/<timestamp>-<four characters>, and latest points to the newest', () => {
    create().close();
    const second = create();
    expect(second.path).to.match(/fedavg-label-skew[\\/]\d{4}-\d\d-\d\dT\d\d-\d\d-\d\dZ-[0-9a-z]{4}$/);
    expect(join(folder(), readlinkSync(join(folder(), 'latest')))).to.equal(second.path);
    expect(readlinkSync(join(folder(), 'latest')).startsWith('fedavg-label-skew')).to.equal(true);
    expect(second.scenario).to.deep.equal({ seed: 3 });
    second.close();
  });

  it('writes a manifest with version, Node version, seed, transport and start at once, and the digest when it is given', () => {
    const run = create();
    run.updateManifest({ stateDigest: 'ab', finishedAt: '2026-01-01T00:00:00.000Z' });
    const manifest = JSON.parse(readFileSync(join(run.path, 'manifest.json'), 'utf8'));
    const { version } = JSON.parse(readFileSync('package.json', 'utf8'));
    expect(manifest).to.include({ seed: 3, transport: 'in-process', nodeVersion: process.version, stateDigest: 'ab' });
    expect(manifest.package).to.deep.equal({ name: 'gradswarm', version });
    expect(Date.parse(manifest.startedAt)).to.be.closeTo(Date.now(), 60_000);
    run.close();
  });

  it('a scenario name cannot lead out of the root', () => {
    const run = RunDirectory.create({ root: folder(), scenarioName: '../../elsewhere', scenario: {} });
    expect(run.path.startsWith(folder())).to.equal(true);
    expect(readdirSync(folder())).to.have.members(['latest', '-..-elsewhere']);
    run.close();
  });

  it('NaN in an event is kept as text, not turned into null', () => {
    const run = create();
    run.event({ t: 0, wallMs: 0, round: 1, event: 'evaluation', fields: { loss: NaN, accuracy: null } });
    expect(JSON.parse(readFileSync(run.file('events.jsonl'), 'utf8')).fields).to.deep.equal({
      loss: 'NaN',
      accuracy: null,
    });
    run.close();
  });
});

describe('RunDirectory checkpoints', () => {
  it('resume cuts all three files where the checkpoint was taken: replaying gives the uninterrupted files, byte for byte', () => {
    const whole = create();
    for (let round = 1; round <= 9; round++) play(whole, round, round >= 4 ? { drift: round } : {});
    const cut = create();
    for (let round = 1; round <= 5; round++) {
      play(cut, round, round >= 4 ? { drift: round } : {});
      if (round === 3) checkpoint(cut, round, [0, 1]);
    }
    cut.close();
    // A crash in the middle of a line.
    writeFileSync(join(cut.path, 'events.jsonl'), '{"t":60,"wal', { flag: 'a' });
    writeFileSync(join(cut.path, 'metrics.csv'), '6,0.16', { flag: 'a' });
    const resumed = RunDirectory.open(cut.path);
    expect(resumed.latestCheckpoint()).to.equal(3);
    expect(resumed.restore()!.round).to.equal(3);
    for (let round = 4; round <= 9; round++) play(resumed, round, { drift: round });
    expect(texts(resumed)).to.deep.equal(texts(whole));
    whole.close();
    resumed.close();
  });

  it('without a checkpoint the files are emptied and null comes back', () => {
    const run = create();
    const empty = texts(run);
    play(run, 1);
    run.close();
    const again = RunDirectory.open(run.path);
    expect(again.manifest.resumedAt).to.deep.equal([]);
    expect(again.restore()).to.equal(null);
    expect(texts(again)).to.deep.equal(empty);
    again.noteResumption();
    expect(again.manifest.resumedAt).to.have.length(1);
    again.close();
  });

  it('holds every party, also those that were last written 40 checkpoints ago; memories can be removed', () => {
    const run = create();
    const memories = new Map([
      ['0/update', Uint8Array.of(1)],
      ['1/update', Uint8Array.of(2)],
    ]);
    run.checkpoint({ round: 0, parties: new Map([['coordinator', stateBytes(-1, 0)]]), codecMemories: memories });
    for (let round = 1; round <= 40; round++) {
      checkpoint(run, round, round <= 20 ? [round] : [20]);
      if (round === 30) run.checkpoint({ round: 31, parties: new Map(), codecMemories: new Map([['0/update', null]]) });
      if (round === 30) round++;
    }
    run.close();
    const again = RunDirectory.open(run.path);
    const restored = again.restore()!;
    const expected = new Map<PartyId, Uint8Array>([['coordinator', stateBytes(-1, 0)]]);
    for (let client = 1; client < 20; client++) expected.set(client, stateBytes(client, client));
    expected.set(20, stateBytes(20, 40));
    expect(Object.fromEntries(restored.parties)).to.deep.equal(Object.fromEntries(expected));
    expect([...restored.codecMemories]).to.deep.equal([['1/update', Uint8Array.of(2)]]);
    expect(restored.ledger).to.deep.equal({ releases: 40 });
    expect(restored.extra).to.deep.equal({ clockMs: 400 });
    again.close();
  });

  it('a codec memory that was removed stays removed, one that was set again is there', () => {
    const run = create();
    const memory = (byte: number) => Uint8Array.of(byte);
    const first = new Map([
      ['a', memory(1)],
      ['b', memory(2)],
      ['c', memory(3)],
    ]);
    run.checkpoint({ round: 1, parties: new Map([[0, new Uint8Array(5000)]]), codecMemories: first });
    const parties = new Map<PartyId, Uint8Array>();
    run.checkpoint({
      round: 2,
      parties,
      codecMemories: new Map([
        ['a', null],
        ['b', null],
      ]),
    });
    run.checkpoint({ round: 3, parties, codecMemories: new Map([['b', memory(9)]]) });
    expect([...run.restore()!.codecMemories].sort()).to.deep.equal([
      ['b', memory(9)],
      ['c', memory(3)],
    ]);
    expect([...run.restore(2)!.codecMemories]).to.deep.equal([['c', memory(3)]]);
    run.close();
  });

  it('a checkpoint writes the two parties that changed out of 300, and unchanged bytes not again', () => {
    const run = create();
    const all = Array.from({ length: 300 }, (_, i) => i);
    expect(checkpoint(run, 1, all).writtenEntries).to.equal(302);
    expect(checkpoint(run, 2, [7, 8]).writtenEntries).to.equal(2 + 2);
    const unchanged = new Map<PartyId, Uint8Array>(all.map((c) => [c, stateBytes(c, c === 7 || c === 8 ? 2 : 1)]));
    const ledger = { releases: 2 };
    expect(run.checkpoint({ round: 3, parties: unchanged, ledger, extra: { clockMs: 20 } }).writtenEntries).to.equal(0);
    run.close();
  });

  it('over 80 checkpoints of one party out of ten the disk holds at most 4.5 times the states', () => {
    const run = create();
    const large = (round: number) => encodeState(new Float32Array(500).fill(round));
    const first = new Map<PartyId, Uint8Array>(Array.from({ length: 10 }, (_, i) => [i, large(i)]));
    run.checkpoint({ round: 0, parties: first });
    for (let round = 1; round <= 80; round++) run.checkpoint({ round, parties: new Map([[round % 10, large(round)]]) });
    const checkpoints = join(run.path, 'checkpoints');
    const bytes = readdirSync(checkpoints).reduce(
      (sum, name) => sum + readFileSync(join(checkpoints, name, 'states.bin')).length,
      0,
    );
    expect(bytes).to.be.within(10 * 2000, 4.5 * 10 * 2010);
    run.close();
    const restored = RunDirectory.open(run.path);
    const { parties } = restored.restore()!;
    expect([parties.get(0), parties.get(1)]).to.deep.equal([large(80), large(71)]);
    restored.close();
  });

  it('restore(4) goes back to round 3 when rounds 3 and 5 have checkpoints, and round 5 is gone afterwards', () => {
    const run = create();
    play(run, 1);
    for (const round of [1, 3, 5]) checkpoint(run, round, [0, 1]);
    play(run, 6);
    const restored = run.restore(4)!;
    expect(restored.round).to.equal(3);
    expect(restored.parties.get(1)).to.deep.equal(stateBytes(1, 3));
    expect(run.latestCheckpoint()).to.equal(3);
    expect(readMetrics(run.file('metrics.csv')).map((row) => row.round)).to.deep.equal([1]);
    checkpoint(run, 4, [1]);
    expect(run.restore()!.parties.get(0)).to.deep.equal(stateBytes(0, 3));
    run.close();
  });

  it('a second checkpoint of one round replaces the first and keeps the other parties', () => {
    const run = create();
    checkpoint(run, 1, [0, 1]);
    checkpoint(run, 2, [1]);
    run.checkpoint({ round: 2, parties: new Map([[0, stateBytes(0, 2)]]) });
    const { parties } = run.restore()!;
    expect([parties.get(0), parties.get(1)]).to.deep.equal([stateBytes(0, 2), stateBytes(1, 2)]);
    expect(() => checkpoint(run, 1, [0])).to.throw(/ERR_CHECKPOINT: round 1/);
    run.close();
  });

  it('a crash between writing and renaming leaves the checkpoint before it, and the leavings are cleaned up', () => {
    const run = create();
    checkpoint(run, 1, [0]);
    checkpoint(run, 2, [0]);
    run.close();
    const checkpoints = join(run.path, 'checkpoints');
    renameSync(join(checkpoints, 'round-000002'), join(checkpoints, '.round-000002-77.partial'));
    writeFileSync(join(run.path, '.manifest.json-77.partial'), '{"for');
    const again = RunDirectory.open(run.path);
    expect(again.restore()!.parties.get(0)).to.deep.equal(stateBytes(0, 1));
    expect(readdirSync(checkpoints)).to.deep.equal(['round-000001']);
    expect(existsSync(join(run.path, '.manifest.json-77.partial'))).to.equal(false);
    again.close();
  });

  for (const [noise, outcome] of [
    ['seeded', 'goes back to the checkpoint whose releases are there'],
    ['secure', 'refuses the run'],
  ] as const)
    it(`a ledger that is shorter than a checkpoint has it, ${noise} noise: restore ${outcome}`, () => {
      const run = create({ seed: 3, privacy: { noise } });
      for (const round of [1, 2, 3]) {
        play(run, round);
        run.release([{ round, noise } as { readonly noise: string }]);
        checkpoint(run, round, [0]);
      }
      run.close();
      const ledger = join(run.path, 'ledger.jsonl');
      const lines = readFileSync(ledger, 'utf8').split('\n');
      writeFileSync(ledger, `${lines[0]}\n${lines[1]}\n${lines[2]!.slice(0, 5)}`);
      const again = RunDirectory.open(run.path);
      if (noise === 'seeded') {
        expect(again.restore()!.round).to.equal(2);
        expect(again.releases()).to.have.length(1);
      } else
        expect(() => again.restore()).to.throw(
          /^ERR_CHECKPOINT: .*ledger\.jsonl: expected at least \d+ bytes, got \d+: releases .* not be counted; put the whole file back, or begin/,
        );
      again.close();
    });

  const damage: [string, (run: string, other: string) => void, RegExp][] = [
    [
      'one changed byte of a state',
      (run) => {
        const path = join(run, 'checkpoints/round-000002/states.bin');
        const bytes = readFileSync(path);
        bytes[bytes.length - 3]! ^= 1;
        writeFileSync(path, bytes);
      },
      /states\.bin: expected party\/1 as it was written/,
    ],
    ['a cut states file', (run) => writeFileSync(join(run, 'checkpoints/round-000002/states.bin'), ''), /got 0/],
    [
      'a changed index',
      (run) => {
        const path = join(run, 'checkpoints/round-000002/checkpoint.json');
        writeFileSync(path, readFileSync(path, 'utf8').replace('"round":2', '"round":1'));
      },
      /checksum/,
    ],
    ['an empty folder', (run) => mkdirSync(join(run, 'checkpoints/round-000009')), /expected a file, got nothing/],
    [
      "another run's checkpoint",
      (run, other) =>
        cpSync(join(other, 'checkpoints/round-000002'), join(run, 'checkpoints/round-000009'), { recursive: true }),
      /expected runId/,
    ],
    [
      'another scenario.json',
      (run) => writeFileSync(join(run, 'scenario.json'), '{ "seed": 4 }\n'),
      /expected scenarioSha256/,
    ],
    [
      'an event file shorter than recorded by the checkpoint',
      (run) => writeFileSync(join(run, 'events.jsonl'), ''),
      /events\.jsonl/,
    ],
    [
      'fewer metrics rows than recorded by the checkpoint',
      (run) => writeFileSync(join(run, 'metrics.csv'), 'round\n'),
      /metrics\.csv/,
    ],
  ];
  for (const [what, spoil, message] of damage) {
    const foreign = /scenario\.json|another run/.test(what);
    it(`${what}: ${foreign ? 'ERR_CHECKPOINT' : 'the checkpoint is passed over, with the reason'}`, () => {
      const [run, other] = [create(), create()];
      for (const each of [run, other]) {
        play(each, 1);
        checkpoint(each, 1, [0, 1]);
        play(each, 2);
        checkpoint(each, 2, [0, 1]);
        each.close();
      }
      spoil(run.path, other.path);
      const gone = /shorter|fewer/.test(what);
      const again = RunDirectory.open(run.path);
      const skipped: string[] = [];
      const restore = () => again.restore(undefined, (reason) => skipped.push(reason));
      if (foreign) expect(restore).to.throw(message).with.property('code', 'ERR_CHECKPOINT');
      else {
        // The newest that is sound: the one before, or none where a file that all of them need is gone.
        expect(restore()?.round ?? 0).to.equal(gone ? 0 : what === 'an empty folder' ? 2 : 1);
        expect(skipped.join('\n')).to.match(message);
        expect(again.sessionEvents.map(({ event }) => event)).to.include('checkpoint-skipped');
      }
      again.close();
    });
  }

  it('a folder that is not a run gives ERR_CHECKPOINT', () => {
    expect(() => RunDirectory.open(folder()))
      .to.throw(/manifest\.json/)
      .with.property('code', 'ERR_CHECKPOINT');
  });
});
