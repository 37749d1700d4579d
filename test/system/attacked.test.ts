import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { crc32 } from 'node:zlib';
import { expect } from 'chai';
import fc from 'fast-check';
import type { Scenario } from '../../protocol/scenario/scenario.js';
import type { Assign } from '../../protocol/wire/control-messages.js';
import { MESSAGE_TYPE } from '../../protocol/wire/frame.js';
import { pack } from '../../protocol/wire/packing.js';
import { openProblem } from '../../worker/problem.js';
import { ATTACKS, Held } from '../support/attacks.js';
import { histories, perform } from '../support/fuzz/malice.js';
import { Process } from '../support/fuzz/processes.js';
import { RawMember } from '../support/fuzz/raw-member.js';
import { visitAll, visits } from '../support/fuzz/requests.js';
import { type Reach, turningMember } from '../support/fuzz/turning-member.js';
import { frameBytes } from '../support/hostile-member.js';
import { temporaryFolder } from '../support/scripted-run.js';

const INPUTS = Number(process.env.GRADSWARM_INPUTS ?? 300_000);
const SEED = Number(process.env.GRADSWARM_SEED ?? 1);
const TOKEN = 'a token that the test knows too';
const STRANGERS = Math.ceil(INPUTS / 25);
const PROVEN = Math.ceil(INPUTS / 2000);
/** Resident memory of a coordinator under attack, above its own before, MB. */
const BOUND_MB = 150;

const tracking = (rounds: number) => ({
  name: 'attacked',
  method: { name: 'gradient-tracking', stepSize: 0.01 },
  objective: { name: 'quadratic', dimension: 30 },
  data: 'none',
  clients: 6,
  rounds,
  seed: 4,
  precision: 'float64',
  topology: 'ring',
  evaluation: { everyRounds: rounds },
  workers: { heartbeatMs: 60_000, joinTimeoutMs: 600_000 },
});

const averaging = {
  name: 'attacked',
  method: { name: 'sgd' },
  objective: { name: 'quadratic', dimension: 3 },
  data: 'none',
  clients: 4,
  rounds: 100,
  seed: 4,
  precision: 'float64',
  checkpoints: { everyRounds: null },
  workers: { heartbeatMs: 60_000, joinTimeoutMs: 600_000 },
};

const own = ({ assign }: Reach): number => assign!.clients[0]!;

function packedFrame(message: unknown): Uint8Array {
  const body = pack(message);
  const bytes = frameBytes({ from: 0, to: 0, count: 0 }, body, crc32(body));
  bytes[0] = MESSAGE_TYPE.packed;
  return bytes;
}

/** What took gigabytes once, or might. Each from a member in a round, which loses its seat. */
const FLOODS: Readonly<Record<string, (reach: Reach) => void>> = {
  '60 MB of empty arrays in one report': ({ member }) => {
    const arrays = new Uint8Array(60 << 20).fill(0x90);
    arrays.set([0xdd, 0x03, 0xbf, 0xff, 0xfb]);
    member.emit('done', arrays);
  },
  'as much nesting as a report may be': ({ member }) => member.emit('done', new Uint8Array(4 << 20).fill(0x91)),
  '1,000 frames of 1 MiB for rounds to come': (reach) => {
    const body = new Uint8Array(1 << 20);
    const checksum = crc32(body);
    for (let round = 1; round <= 1000; round++)
      reach.frames!.send(frameBytes({ from: own(reach), round, count: 0 }, body, checksum));
  },
  '100,000 empty frames for steps without end': (reach) => {
    for (let step = 0; step < 100_000; step++)
      reach.frames!.send(frameBytes({ from: own(reach), step, count: 0 }, new Uint8Array(0), 0));
  },
  '400 seals to 100,000 receivers': (reach) => {
    const to = new Array(100_000).fill('coordinator');
    for (let round = 1; round <= 400; round++)
      reach.frames!.send(
        packedFrame({ type: 'seals', seals: [{ round, attempt: 0, from: own(reach), counts: [1], to }] }),
      );
  },
  '20,000 answers that were not asked for, and bodies that are announced and never sent': (reach) => {
    const answer = packedFrame({ type: 'collected', request: 1, client: own(reach), data: new Uint8Array(4096) });
    for (let i = 0; i < 20_000; i++) reach.frames!.send(answer);
    for (let stream = 1; stream <= 500; stream++) {
      const header = frameBytes({ from: own(reach), bytes: 4 << 20 }, new Uint8Array(0), 0);
      new DataView(header.buffer).setUint32(44, stream, true);
      reach.frames!.send(header);
    }
  },
};

/** As a worker of ours answers an assignment. */
async function readyOf(assign: Assign): Promise<unknown> {
  const { fingerprint, family } = await openProblem(assign.scenario as unknown as Scenario);
  const { parameterCount } = family;
  return { device: 'plain loops', deterministic: true, parameterCount, read: fingerprint, peer: null };
}

describe('a coordinator and workers as processes, under attack', function () {
  this.timeout(3_600_000);
  const processes: Process[] = [];
  const rows: string[] = [];
  const start = (args: readonly string[], folder: string): Process => {
    const started = new Process(args, folder, TOKEN);
    processes.push(started);
    return started;
  };

  after(() => {
    for (const each of processes) each.kill();
    console.log(
      ['| attack | inputs | memory before, MB | most, MB |', '| --- | --- | --- | --- |', ...rows].join('\n'),
    );
  });

  it('survive strangers and members that turn; memory stays bounded, and the run ends in the undisturbed bits', async () => {
    const folder = temporaryFolder();
    writeFileSync(join(folder, 'scenario.json'), JSON.stringify(tracking(1500)));
    const alone = start(['run', 'scenario.json', '--out', 'alone', '--quiet'], folder);
    expect((await alone.ended).code, alone.errors).to.equal(0);
    const coordinator = start(
      ['run', 'scenario.json', '--listen', '127.0.0.1:0', '--workers', '2', '--out', 'out', '--json'],
      folder,
    );
    const [, url] = await coordinator.says(/--join (ws:\/\/\S+)/);
    const port = Number(new URL(url!).port);
    const address = { host: '127.0.0.1', port };
    const target = `ws://127.0.0.1:${port}`;
    const quiet = coordinator.memory()!;
    const row = (attack: string, inputs: number) => {
      const { peak } = coordinator.memory()!;
      rows.push(`| ${attack} | ${inputs} | ${quiet.now.toFixed(0)} | ${peak.toFixed(0)} |`);
      expect(peak - quiet.now, attack).to.be.below(BOUND_MB);
    };

    const visitors = fc.sample(visits, { seed: SEED, numRuns: STRANGERS });
    await visitAll(address, visitors.slice(0, STRANGERS / 2), 60);
    const held = new Held();
    for (const attack of Object.values(ATTACKS)) await attack(address, held);
    held.release();
    row('strangers, before the run', STRANGERS / 2);

    let inputs = 0;
    for (const history of fc.sample(histories, { seed: SEED, numRuns: PROVEN })) {
      const member = await RawMember.join(target, TOKEN);
      for (const deed of history) if (member) perform(deed, { member, frames: null, assign: null, question: null });
      inputs += history.length;
      member?.leave();
    }
    row('members without a hello', inputs);

    const workers = [0, 1].map(() => start(['worker', '--join', target, '--quiet', '--retry-for', '5'], folder));
    await visitAll(address, visitors.slice(STRANGERS / 2), 30);
    row('strangers, during the run', STRANGERS / 2);
    const { code, out, errors } = await coordinator.ended;
    expect(code, errors).to.equal(0);
    for (const worker of workers) expect((await worker.ended).code, worker.errors).to.equal(0);
    const { stateDigest } = JSON.parse(readFileSync(join(folder, 'alone', 'manifest.json'), 'utf8'));
    expect(JSON.parse(out).stateDigest).to.equal(stateDigest);
  });

  it('survive floods of a member in its seat; an honest worker takes the seat, and the run ends in the undisturbed bits', async () => {
    const folder = temporaryFolder();
    writeFileSync(join(folder, 'scenario.json'), JSON.stringify(averaging));
    const alone = start(['run', 'scenario.json', '--out', 'alone', '--quiet'], folder);
    expect((await alone.ended).code, alone.errors).to.equal(0);
    const args = ['--listen', '127.0.0.1:0', '--workers', '1', '--out', 'out', '--json'];
    const coordinator = start(['run', 'scenario.json', ...args], folder);
    const [, url] = await coordinator.says(/--join (ws:\/\/\S+)/);
    const target = `ws://127.0.0.1:${new URL(url!).port}`;
    const quiet = coordinator.memory()!;
    for (const [flood, worst] of Object.entries(FLOODS)) {
      const member = await turningMember(target, TOKEN, 'in a round', worst, readyOf);
      await member.leave();
      const { peak } = coordinator.memory()!;
      rows.push(`| ${flood} | 1 | ${quiet.now.toFixed(0)} | ${peak.toFixed(0)} |`);
    }
    const worker = start(['worker', '--join', target, '--quiet', '--retry-for', '5'], folder);
    const { peak } = coordinator.memory()!;
    const { code, out, errors } = await coordinator.ended;
    expect(code, errors).to.equal(0);
    expect((await worker.ended).code, worker.errors).to.equal(0);
    const { stateDigest } = JSON.parse(readFileSync(join(folder, 'alone', 'manifest.json'), 'utf8'));
    expect(JSON.parse(out).stateDigest).to.equal(stateDigest);
    const session = readFileSync(join(folder, 'out', 'session.jsonl'), 'utf8');
    expect(session.match(/"event":"lost"/g)).to.have.lengthOf(Object.keys(FLOODS).length);
    expect(peak - quiet.now).to.be.below(BOUND_MB);
  });
});
