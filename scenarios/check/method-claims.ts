import type { AnyMethod, MessageKind, Precision } from '../../protocol/method.js';
import { decodeRecord, encodeRecord } from '../../protocol/party/record.js';
import { openProblem } from '../../worker/problem.js';
import type { Fleet } from '../run/fleet.js';
import { type Claim, claim, ensure, ensureBelow, ensureEqual, ensureSameBits, once } from './claim.js';
import { countDraws } from './parts/counted-draws.js';
import { corruptingNetwork, everythingOnce, everythingTwice, isLosable, lossyNetwork } from './parts/networks.js';
import { inOneProcess, localPlacement, placements } from './parts/placements.js';
import {
  lossProblem,
  lossyCodecs,
  type MethodNeeds,
  parityProblem,
  TINY_CLIENTS,
  TINY_ROUNDS,
} from './parts/tiny-problems.js';
import { runTiny, type TinyRun } from './parts/tiny-run.js';
import { untaken, watchedMethod } from './parts/watched-method.js';

const ALL_CLIENTS = { participation: { cohort: 'all' as const } };

/**
 * The contract of a method, tried on small problems: equal bits wherever its parties run and however frames arrive, under loss and
 * faults, and after a resume; plain states, and nothing changed that is not its own. Built-in methods are held to the same.
 */
export function methodClaims(method: AnyMethod, needs: MethodNeeds = {}): readonly Claim[] {
  const reference = referenceOf(method, 'float64', needs);
  return [
    ...sameBitsClaims(method, 'float64', true, needs, reference),
    ...sameBitsClaims(method, 'float32', true, needs),
    ...faultClaims(method, needs, reference),
    ...plainClaims(method, needs, reference),
  ];
}

/** The run in one process that others are compared with, made at its first use. */
type Reference = () => Promise<TinyRun>;

function referenceOf(method: AnyMethod, precision: Precision, needs: MethodNeeds): Reference {
  return once(async () => runTiny(await parityProblem(method, needs, precision), method));
}

/** `isNamed`: it can be loaded by its name, so placements behind sockets can run it too. */
export function sameBitsClaims(
  method: AnyMethod,
  precision: Precision,
  isNamed: boolean,
  needs: MethodNeeds = {},
  reference = referenceOf(method, precision, needs),
): readonly Claim[] {
  const problem = once(() => parityProblem(method, needs, precision));
  return [
    ...placements
      .filter(({ inProcess }) => isNamed || inProcess)
      .map((placement) =>
        claim(`${precision}: has the same bits in ${placement.name}`, async () => {
          const { digest, result } = await reference();
          const run = await runTiny(await problem(), method, { placement });
          ensureSameBits(run.digest, digest);
          ensureEqual(run.result.bytes, result.bytes, 'bytes sent');
        }),
      ),
    claim(
      `${precision}: 5 rounds, a checkpoint, and the other ${TINY_ROUNDS - 5} give the bits of ${TINY_ROUNDS} in one go`,
      async () => {
        const { digest, result, snapshots } = await reference();
        ensureEqual(snapshots[0]?.round, 5, 'round of the first checkpoint');
        const resumed = await runTiny(await problem(), method, { from: snapshots[0]! });
        ensureSameBits(resumed.digest, digest);
        ensureEqual(resumed.result.simulatedMs, result.simulatedMs, 'simulated time');
      },
    ),
    claim(`${precision}: the same seed gives the same bits, and another one other bits if it draws`, async () => {
      const opened = await openProblem(await problem());
      let draws = () => 0;
      const again = await runTiny(await problem(), method, {
        problem: opened,
        tamper: (fleet) => {
          draws = countDraws(fleet);
        },
      });
      ensureSameBits(again.digest, (await reference()).digest);
      // Data and start stay those of the first seed, so only the method's own draws can make a difference.
      const [one, other] = await Promise.all(
        [11, 12].map(async (seed) =>
          runTiny(await parityProblem(method, needs, precision, { ...ALL_CLIENTS, seed }), method, { problem: opened }),
        ),
      );
      const count = draws();
      if (count === 0)
        ensureSameBits(other!.digest, one!.digest, ' with another seed, of a method that does not draw from at.rng');
      else
        ensure(
          one!.digest !== other!.digest,
          `expected other states with another seed, since ${count} numbers are drawn, got the same`,
          'what is drawn, or what is computed with it, has no effect',
        );
    }),
  ];
}

export function faultClaims(
  method: AnyMethod,
  needs: MethodNeeds = {},
  reference = referenceOf(method, 'float64', needs),
): readonly Claim[] {
  const problem = once(() => parityProblem(method, needs, 'float64'));
  const withAll = once(() => parityProblem(method, needs, 'float64', ALL_CLIENTS));
  const twice = claim('a frame that comes twice changes nothing', async () => {
    // Where the order follows from simulated time, the run to compare with has no link times either.
    const plain = localPlacement('every frame once', 'fast', null, everythingOnce);
    const { digest } = await (isAsynchronous(method)
      ? runTiny(await problem(), method, { placement: plain })
      : reference());
    for (const shuffleSeed of [null, 5]) {
      const placement = localPlacement('every frame twice', 'fast', shuffleSeed, everythingTwice);
      ensureSameBits((await runTiny(await problem(), method, { placement })).digest, digest, ' with every frame twice');
    }
  });
  const kinds = Object.values(method.messages) as MessageKind[];
  if (!kinds.some(isLosable) || needs.toleratesLoss === false) return [twice];
  return [
    twice,
    claim(
      'a frame that was changed on its way is refused, counted absent as rejected, and the run continues',
      async () => {
        const digests: string[] = [];
        for (const mode of ['fast', 'checking'] as const) {
          // What client 1 sends in round 3, and what client 2 receives in round 6.
          const { network, corrupted } = corruptingNetwork(({ from, to, round }) =>
            isAsynchronous(method)
              ? from === 1 || (round > 6 && to === 2)
              : (round === 3 && from === 1) || (round === 6 && to === 2),
          );
          const placement = localPlacement('corrupting', mode, null, network);
          const run = await runTiny(await withAll(), method, { placement });
          ensure(corrupted() > 0, 'expected frames that were changed on their way, got none');
          ensureEqual(run.result.roundsDone, TINY_ROUNDS, 'rounds done');
          const reasons = run.absences.map(({ why }) => why);
          // Of tasks that are still under way at the end nothing is counted.
          ensure(reasons.length > 0, 'expected absences, got none');
          const count = isAsynchronous(method) ? reasons.length : corrupted();
          ensure(
            reasons.length === count && reasons.every((why) => why === 'rejected'),
            `absences: expected ${count}, of the frames that were changed, each as rejected, got ${reasons.length}: ${reasons.slice(0, 8).join(', ')}`,
          );
          digests.push(run.digest);
        }
        ensureSameBits(digests[1]!, digests[0]!, ' with every message copied');
      },
    ),
    claim(
      'a client that is down for two rounds is absent, the run continues, and all placements have the same bits',
      async () => {
        // A task that is under way is finished first: that may take as many steps as there are clients.
        const [from, until] = isAsynchronous(method) ? [1, TINY_ROUNDS - 1] : [4, 6];
        const isDown = (round: number) => round >= from && round < until;
        const tamper = (fleet: Fleet): void => {
          fleet.scriptedAbsences = (round) => (isDown(round) ? [{ from: 1, why: 'crashed' }] : []);
        };
        const reference = await runTiny(await withAll(), method, { tamper });
        ensureEqual(reference.result.roundsDone, TINY_ROUNDS, 'rounds done');
        // A client that is away is given no task and not met, and so is expected by none.
        ensure(isAsynchronous(method) || reference.absences.length > 0, 'expected absences of client 1, got none');
        for (const { from, why, round } of reference.absences)
          ensure(
            from === 1 && why === 'crashed' && isDown(round),
            `round ${round}: expected client 1 to be absent alone, as crashed while it is down, got ${from === 'coordinator' ? from : `client ${from}`} absent as ${why}`,
          );
        for (const placement of placements.filter(({ inProcess }) => inProcess))
          ensureSameBits(
            (await runTiny(await withAll(), method, { tamper, placement })).digest,
            reference.digest,
            ` in ${placement.name}`,
          );
        const { digest } = await runTiny(await withAll(), method);
        ensure(reference.digest !== digest, 'expected other bits than without the crash, got the same');
      },
    ),
    claim(
      'under lossy codecs with error feedback and 15 % loss, all placements and a resumed run have the same bits',
      async () => {
        const scenario = await parityProblem(method, needs, 'float64', { codecs: lossyCodecs(method) });
        const network = lossyNetwork(0.15);
        const placement = localPlacement('lossy', 'fast', null, network);
        const reference = await runTiny(scenario, method, { placement });
        ensure(reference.absences.length > 0, 'expected lost messages, got none');
        for (const other of [
          localPlacement('lossy', 'checking', null, network),
          localPlacement('lossy', 'fast', 6, network),
          localPlacement('lossy', 'checking', 7, network),
        ])
          ensureSameBits(
            (await runTiny(scenario, method, { placement: other })).digest,
            reference.digest,
            ` in another order or with every message copied`,
          );
        const [from] = reference.snapshots;
        const resumed = await runTiny(scenario, method, { placement, from: from! });
        ensureSameBits(resumed.digest, reference.digest, ' of the resumed run');
      },
    ),
  ];
}

/** Who does something in a round follows from simulated time. */
function isAsynchronous({ schedule }: AnyMethod): boolean {
  return schedule !== undefined;
}

function plainClaims(method: AnyMethod, needs: MethodNeeds, reference: Reference): readonly Claim[] {
  const problem = once(() => parityProblem(method, needs, 'float64'));
  const claims = [
    claim(
      'posts the kinds it declares, each as often as it is taken, finite numbers only, and changes nothing that it got, gave or keeps',
      async () => {
        const { digest } = await reference();
        const { method: watched, watch } = watchedMethod(method);
        const run = await runTiny(await problem(), watched, { placement: inOneProcess });
        ensure(watch.violations.length === 0, watch.violations.slice(0, 5).join('; '));
        const left = isAsynchronous(method) ? [] : untaken(method, watch);
        ensure(left.length === 0, left.slice(0, 5).join('; '));
        ensureEqual(run.digest, digest, 'digest under watch, which must not change the bits');
        for (const side of ['coordinator', 'clients'] as const)
          for (const kind of watch.posted[side])
            ensureEqual(method.messages[kind]?.from, side, `sender of the kind '${kind}'`);
        ensure(watch.posted.clients.size + watch.posted.coordinator.size > 0, 'expected messages, got none');
      },
    ),
    claim('keeps plain data as state: every record survives encoding with equal bits', async () => {
      const { result } = await reference();
      ensure(
        result.records.size >= TINY_CLIENTS,
        `expected records of ${TINY_CLIENTS} clients, got ${result.records.size}`,
      );
      for (const [party, bytes] of result.records)
        ensureEqual(encodeRecord(party, decodeRecord(party, bytes)), bytes, `record of ${party}`);
    }),
  ];
  if (needs.loss === null) return claims;
  return [
    ...claims,
    claim('lowers the loss of a small well-conditioned problem below its bound', async () => {
      const { scenario, share } = await lossProblem(method, needs);
      const opened = await openProblem(scenario);
      const first = (await opened.family.evaluate([opened.model.initialParams])).loss;
      const last = (await runTiny(scenario, method, { problem: opened })).losses.at(-1)!;
      ensureBelow(last, share * first, `loss after ${scenario.rounds} rounds, ${share} of the first (${first})`);
    }),
  ];
}
