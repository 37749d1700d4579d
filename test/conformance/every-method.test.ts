import { expect } from 'chai';
import type { AnyMethod, MessageKind, Precision } from '../../protocol/method.js';
import { loadMethod } from '../../protocol/method-loader.js';
import { decodeRecord, encodeRecord } from '../../protocol/party/record.js';
import type { Scenario } from '../../protocol/scenario/scenario.js';
import { methodNames } from '../../scenarios/run/catalogue.js';
import type { Fleet } from '../../scenarios/run/fleet.js';
import { openProblem } from '../../worker/problem.js';
import { countDraws } from '../support/counted-draws.js';
import { corruptingNetwork, everythingTwice, isLosable, lossyNetwork } from '../support/networks.js';
import { inOneProcess, localPlacement, placements } from '../support/placements.js';
import { probeMethod } from '../support/probe-method.js';
import {
  claimsLoss,
  lossProblem,
  lossyCodecs,
  parityProblem,
  TINY_CLIENTS,
  TINY_ROUNDS,
  toleratesLoss,
} from '../support/tiny-problems.js';
import { runTiny, type TinyRun } from '../support/tiny-run.js';
import { watchedMethod } from '../support/watched-method.js';

/** The folder is the list: a method is under contract as soon as its file is there. */
const methods = await Promise.all(methodNames().map((name) => loadMethod(name)));

for (const method of methods) {
  describe(`the contract of ${method.name}`, () => {
    for (const precision of ['float64', 'float32'] as const) sameBitsClaims(method, precision, true);
    faultClaims(method);
    plainClaims(method);
  });
}

/** What the probe must not do: it lives in no folder, so only placements of this process can run it. */
describe('the contract of the probe, whose kinds, senders and steps change every round', () => {
  for (const precision of ['float64', 'float32'] as const) sameBitsClaims(probeMethod, precision, false);
  faultClaims(probeMethod);
});

function sameBitsClaims(method: AnyMethod, precision: Precision, isInFolder: boolean): void {
  let scenario: Scenario;
  let reference: TinyRun;
  before(async () => {
    scenario = await parityProblem(method, precision);
    reference = await runTiny(scenario, method);
  });

  for (const placement of placements) {
    if (!isInFolder && !placement.inProcess) continue;
    it(`${precision}: has the same bits in ${placement.name}`, async () => {
      const run = await runTiny(scenario, method, { placement });
      expect(run.digest).to.equal(reference.digest);
      expect(run.result.bytes).to.deep.equal(reference.result.bytes);
    });
  }

  it(`${precision}: 5 rounds, a checkpoint, and the other ${TINY_ROUNDS - 5} give the bits of ${TINY_ROUNDS} in one go`, async () => {
    const [from] = reference.snapshots;
    expect(from!.round).to.equal(5);
    const resumed = await runTiny(scenario, method, { from: from! });
    expect(resumed.digest).to.equal(reference.digest);
    expect(resumed.result.simulatedMs).to.equal(reference.result.simulatedMs);
  });

  it(`${precision}: the same seed gives the same bits, and another one other bits if it draws`, async () => {
    const problem = await openProblem(scenario);
    let draws = () => 0;
    const again = await runTiny(scenario, method, {
      problem,
      tamper: (fleet) => {
        draws = countDraws(fleet);
      },
    });
    expect(again.digest).to.equal(reference.digest);
    // Data and start stay those of the first seed, so only the method's own draws can make a difference.
    const everybody = { participation: { cohort: 'all' as const } };
    const [one, other] = await Promise.all(
      [11, 12].map(async (seed) =>
        runTiny(await parityProblem(method, precision, { ...everybody, seed }), method, { problem }),
      ),
    );
    expect(one!.digest === other!.digest).to.equal(draws() === 0);
  });
}

function faultClaims(method: AnyMethod): void {
  it('a frame that comes twice changes nothing', async () => {
    const scenario = await parityProblem(method, 'float64');
    const { digest } = await runTiny(scenario, method);
    for (const shuffleSeed of [null, 5]) {
      const placement = localPlacement('every frame twice', 'fast', shuffleSeed, everythingTwice);
      expect((await runTiny(scenario, method, { placement })).digest).to.equal(digest);
    }
  });

  const kinds = Object.values(method.messages) as MessageKind[];
  if (!kinds.some(isLosable) || !toleratesLoss(method)) return;

  it('a frame that was changed on its way is refused, counted absent as rejected, and the run goes on', async () => {
    const scenario = await parityProblem(method, 'float64', { participation: { cohort: 'all' } });
    const digests: string[] = [];
    for (const mode of ['fast', 'checking'] as const) {
      // Client 1's words in round 3, and in round 6 what client 2 is told.
      const { network, corrupted } = corruptingNetwork(
        ({ from, to, round }) => (round === 3 && from === 1) || (round === 6 && to === 2),
      );
      const run = await runTiny(scenario, method, { placement: localPlacement('corrupting', mode, null, network) });
      expect(corrupted(), 'frames changed on their way').to.be.greaterThan(0);
      expect(run.result.roundsDone).to.equal(TINY_ROUNDS);
      expect(run.absences.map(({ why }) => why)).to.deep.equal(new Array(corrupted()).fill('rejected'));
      digests.push(run.digest);
    }
    expect(digests[1]).to.equal(digests[0]);
  });

  it('a client that is down for two rounds is absent, the run goes on, and all placements have the same bits', async () => {
    const scenario = await parityProblem(method, 'float64', { participation: { cohort: 'all' } });
    const tamper = (fleet: Fleet): void => {
      fleet.scriptedAbsences = (round) => (round === 4 || round === 5 ? [{ from: 1, why: 'crashed' }] : []);
    };
    const reference = await runTiny(scenario, method, { tamper });
    expect(reference.result.roundsDone).to.equal(TINY_ROUNDS);
    expect(reference.absences.length).to.be.greaterThan(0);
    for (const { from, why, round } of reference.absences)
      expect([from, why, round === 4 || round === 5]).to.deep.equal([1, 'crashed', true]);
    for (const placement of placements.filter(({ inProcess }) => inProcess))
      expect((await runTiny(scenario, method, { tamper, placement })).digest).to.equal(reference.digest);
    expect(reference.digest).to.not.equal((await runTiny(scenario, method)).digest);
  });

  it('under lossy codecs with error feedback and 15 % loss, all placements and a resumed run have the same bits', async () => {
    const scenario = await parityProblem(method, 'float64', { codecs: lossyCodecs(method) });
    const network = lossyNetwork(0.15);
    const placement = localPlacement('lossy', 'fast', null, network);
    const reference = await runTiny(scenario, method, { placement });
    expect(reference.absences.length).to.be.greaterThan(0);
    for (const other of [
      localPlacement('lossy', 'checking', null, network),
      localPlacement('lossy', 'fast', 6, network),
      localPlacement('lossy', 'checking', 7, network),
    ])
      expect((await runTiny(scenario, method, { placement: other })).digest).to.equal(reference.digest);
    const [from] = reference.snapshots;
    expect((await runTiny(scenario, method, { placement, from: from! })).digest).to.equal(reference.digest);
  });
}

function plainClaims(method: AnyMethod): void {
  it('posts the kinds it declares, finite numbers only, and changes nothing that it got, gave or keeps', async () => {
    const scenario = await parityProblem(method, 'float64');
    const reference = await runTiny(scenario, method);
    const { method: watched, watch } = watchedMethod(method);
    const run = await runTiny(scenario, watched, { placement: inOneProcess });
    expect(watch.violations).to.deep.equal([]);
    expect(run.digest, 'watching must not change the bits').to.equal(reference.digest);
    const declaredBy = (from: string) =>
      Object.keys(method.messages).filter((kind) => method.messages[kind].from === from);
    expect(declaredBy('coordinator')).to.include.members([...watch.posted.coordinator]);
    expect(declaredBy('clients')).to.include.members([...watch.posted.clients]);
    expect(watch.posted.clients.size + watch.posted.coordinator.size).to.be.greaterThan(0);
  });

  it('keeps plain data as state: every record survives encoding with equal bits', async () => {
    const { result } = await runTiny(await parityProblem(method, 'float64'), method);
    expect(result.records.size).to.be.at.least(TINY_CLIENTS);
    for (const [party, bytes] of result.records)
      expect(encodeRecord(party, decodeRecord(party, bytes))).to.deep.equal(bytes);
  });

  if (!claimsLoss(method)) return;
  it('lowers the loss of a small well-conditioned problem below its bound', async () => {
    const { scenario, share } = await lossProblem(method);
    const problem = await openProblem(scenario);
    const first = (await problem.family.evaluate([problem.model.initialParams])).loss;
    const last = (await runTiny(scenario, method, { problem })).losses.at(-1)!;
    expect(last).to.be.lessThan(share * first);
  });
}
