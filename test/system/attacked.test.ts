import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { expect } from 'chai';
import fc from 'fast-check';
import type { Scenario } from '../../protocol/scenario/scenario.js';
import type { Assign } from '../../protocol/wire/control-messages.js';
import { openProblem } from '../../worker/problem.js';
import { ATTACKS, Held } from '../support/attacks.js';
import { FLOODS } from '../support/fuzz/floods.js';
import { histories, perform } from '../support/fuzz/malice.js';
import { Process } from '../support/fuzz/processes.js';
import { RawMember } from '../support/fuzz/raw-member.js';
import { record } from '../support/fuzz/record.js';
import { visitAll, visits } from '../support/fuzz/requests.js';
import { turningMember } from '../support/fuzz/turning-member.js';
import { temporaryFolder } from '../support/scripted-run.js';
import { onlyInSoak } from '../support/soak.js';

const INPUTS = Number(process.env.GRADSWARM_INPUTS ?? 30_000);
const SEED = Number(process.env.GRADSWARM_SEED ?? 1);
const TOKEN = 'a token that the test knows too';
const VISITS = Math.ceil(INPUTS / 25);
const PROVEN = Math.ceil(INPUTS / 2000);
/** Resident memory of a coordinator under attack, above its own before, MB. */
const BOUND_MB = 250;

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

/** Connections of those before may still count at its address: tried again, as a worker does. */
async function joined(target: string): Promise<RawMember | null> {
  for (let attempt = 0; ; attempt++)
    try {
      return await RawMember.join(target, TOKEN);
    } catch (error) {
      if (attempt === 100) throw error;
      await setTimeout(200);
    }
}

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

  before(function () {
    onlyInSoak(this, 'processes under attack');
  });
  after(() => {
    for (const each of processes) each.kill();
    record('processes', ['| attack | inputs | memory before, MB | most, MB |', '| --- | --- | --- | --- |', ...rows]);
  });

  it('survive clients that are not admitted and hostile members; memory stays bounded, and the run ends in the undisturbed bits', async () => {
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

    const visitors = fc.sample(visits, { seed: SEED, numRuns: VISITS });
    await visitAll(address, visitors.slice(0, VISITS / 2), 60);
    const held = new Held();
    for (const attack of Object.values(ATTACKS)) await attack(address, held);
    held.release();
    row('not admitted, before the run', VISITS / 2);

    let inputs = 0;
    for (const history of fc.sample(histories, { seed: SEED, numRuns: PROVEN })) {
      const member = await joined(target);
      for (const deed of history) if (member) perform(deed, { member, frames: null, assign: null, question: null });
      inputs += history.length;
      member?.leave();
    }
    row('members without a hello', inputs);

    const workers = [0, 1].map(() => start(['worker', '--join', target, '--quiet', '--retry-for', '5'], folder));
    await visitAll(address, visitors.slice(VISITS / 2), 30);
    row('not admitted, during the run', VISITS / 2);
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
