import { expect } from 'chai';
import { RunDirectory } from '../../coordinator/run-directory/run-directory.js';
import type { ScenarioInput } from '../../protocol/scenario/input.js';
import { joinBody } from '../../protocol/wire/frame.js';
import type { Fleet } from '../../scenarios/run/fleet.js';
import { LocalWorkers } from '../../scenarios/run/local-workers.js';
import { remoteFleet } from '../../scenarios/run/remote-fleet.js';
import { releasesOf } from '../../scenarios/run/roll-back.js';
import { runSession } from '../../scenarios/run/session.js';
import type { SessionOptions } from '../../scenarios/run/session-options.js';
import { resolved, runInput, temporaryFolder } from '../support/scripted-run.js';

const ROUNDS = 8;
/** Counted from 0, one round after a checkpoint. */
const KILLED = 5;
const CLIENTS = 6;

const secureSums = (noise: 'seeded' | 'secure'): ScenarioInput => ({
  name: 'secure-sums',
  method: { name: 'dp-fedavg-secure', batchSize: 10, noiseMultiplier: 2 },
  objective: 'softmax-regression',
  data: { name: 'gaussian-clusters', examples: 600, testExamples: 100, partition: 'iid' },
  clients: CLIENTS,
  rounds: ROUNDS,
  seed: 3,
  privacy: { noise },
  checkpoints: { everyRounds: 4 },
  evaluation: { everyRounds: 4 },
});

interface Received {
  readonly kind: string;
  readonly round: number;
  readonly from: string;
  readonly body: string;
}

/** Two worker processes, one of which is killed when the first message of this kind arrives in round KILLED: all that came. */
async function killedAt(kind: string, noise: 'seeded' | 'secure') {
  const workers = { count: 2, heartbeatMs: 10_000, onLoss: 'replay' as const };
  const scenario = await resolved({ ...secureSums(noise), workers });
  const directory = RunDirectory.create({ root: temporaryFolder(), scenarioName: scenario.name, scenario });
  const launcher = new LocalWorkers(() => {}, { scenario, use: [], initial: null });
  const received: Received[] = [];
  let killed = false;
  const watched = (fleet: Fleet): Fleet => {
    const { office, host } = fleet.site;
    const names = new Map([...host.layouts.values()].map(({ index, name }) => [index, name]));
    const receive = office.receive.bind(office);
    office.receive = (frame) => {
      const of = names.get(frame.kindIndex)!;
      const body = Buffer.from(joinBody(frame)).toString('hex');
      received.push({ kind: of, round: frame.round, from: `${frame.from}`, body });
      if (!killed && of === kind && frame.round === KILLED) {
        killed = true;
        process.kill(launcher.pids[1]!, 'SIGKILL');
      }
      receive(frame);
    };
    return { ...fleet, again: async () => watched(await fleet.again!()) };
  };
  const fleet: NonNullable<SessionOptions['fleet']> = async (...run) => watched(await remoteFleet(...run, launcher));
  const { outcome } = await runSession(scenario, directory, {
    listen: null,
    signal: new AbortController().signal,
    fleet,
  });
  const reader = RunDirectory.open(directory.path);
  const releases = releasesOf(reader);
  reader.close();
  return { outcome, received, releases };
}

/** Bodies of a kind; and of those of one client in one round, how many came at most. */
function bodiesOf(received: readonly Received[], kind: string) {
  const own = received.filter((message) => message.kind === kind);
  const counts = new Map<string, number>();
  for (const { round, from } of own) counts.set(`${round} ${from}`, (counts.get(`${round} ${from}`) ?? 0) + 1);
  return { bodies: own.map(({ body }) => body), most: Math.max(...counts.values()) };
}

describe('a worker process is killed inside a secure sum', function () {
  this.timeout(240_000);

  for (const kind of ['keys', 'shares', 'masked', 'revealed'])
    it(`when the first '${kind}' has come: the undisturbed digest, with new keys and masks`, async () => {
      const whole = await runInput(secureSums('seeded'));
      const { outcome, received } = await killedAt(kind, 'seeded');
      expect(outcome.stateDigest).to.equal(whole.outcome.stateDigest);
      expect(outcome.summary.rollbacks).to.equal(1);
      for (const kind of ['keys', 'shares', 'masked']) {
        const { bodies, most } = bodiesOf(received, kind);
        // The same numbers were sent twice, and nothing of it is equal: no mask was used twice.
        expect(new Set(bodies).size, kind).to.equal(bodies.length);
        expect(most, kind).to.equal(2);
      }
    });

  it('with secure noise each client of the two attempts is charged for both, and for the round that was done again', async () => {
    const { outcome, received, releases } = await killedAt('masked', 'secure');
    expect(outcome.summary).to.include({ rounds: ROUNDS, rollbacks: 1, roundsChargedAgain: 2 });
    const { bodies, most } = bodiesOf(received, 'masked');
    expect(new Set(bodies).size).to.equal(bodies.length);
    expect(most).to.equal(2);
    for (let client = 0; client < CLIENTS; client++) {
      const own = releases.filter(({ party }) => party === client).map(({ round }) => round);
      const counts = Array.from({ length: ROUNDS }, (_, round) => own.filter((of) => of === round).length);
      expect(counts, `client ${client}`).to.deep.equal([1, 1, 1, 1, 2, 2, 1, 1]);
    }
  });
});
