import { expect } from 'chai';
import type { AnyMethod } from '../../protocol/method.js';
import fedavg from '../../protocol/methods/federated/fedavg.js';
import scaffold from '../../protocol/methods/federated/scaffold.js';
import sgd from '../../protocol/methods/federated/sgd.js';
import dgd from '../../protocol/methods/gossip/dgd.js';
import gradientTracking from '../../protocol/methods/gossip/gradient-tracking.js';
import { localPlacement, placements } from '../../scenarios/check/parts/placements.js';
import { runTiny } from '../../scenarios/check/parts/tiny-run.js';
import { watchedMethod } from '../../scenarios/check/parts/watched-method.js';
import type { Fleet } from '../../scenarios/run/fleet.js';
import {
  arrivalOrderInbox,
  changesStateInPlace,
  offByOneRoundKey,
  postsScratchBuffer,
  sealWithoutRound,
  sharedRandomStream,
  skippedCodec,
  streamsKeyedSinceStart,
  writesIntoReceived,
} from '../support/planted-faults.js';
import { probeMethod } from '../support/probe-method.js';
import { parityProblem } from '../support/tiny-needs.js';

/** A check that cannot fail is none: each fault planted here must make the contract suite's comparison fail. */

const withServer: readonly AnyMethod[] = [fedavg, sgd, scaffold, probeMethod];
const all: readonly AnyMethod[] = [...withServer, dgd, gradientTracking];
/** Those that the contract suite uses. */
const shuffled = placements.filter(({ name, inProcess }) => inProcess && name.includes('shuffled'));
const checking = localPlacement('checking', 'checking');

const allClients = { participation: { cohort: 'all' as const } };

async function digestsWith(method: AnyMethod, tamper: (fleet: Fleet) => void, more: object = allClients) {
  const scenario = await parityProblem(method, 'float64', more);
  return {
    sound: (await runTiny(scenario, method)).digest,
    direct: (await runTiny(scenario, method, { tamper })).digest,
    shuffled: await Promise.all(
      shuffled.map(async (placement) => (await runTiny(scenario, method, { tamper, placement })).digest),
    ),
  };
}

describe('planted in the runtime', () => {
  for (const method of all) {
    it(`an inbox in order of arrival shows under shuffled delivery of ${method.name}`, async () => {
      const digests = await digestsWith(method, arrivalOrderInbox);
      expect(digests.shuffled.some((digest) => digest !== digests.sound)).to.equal(true);
    });

    it(`a skipped codec shows in ${method.name}`, async () => {
      const kinds = Object.entries(method.messages as Record<string, { lossy?: string }>);
      const codecs = Object.fromEntries(
        kinds.filter(([, { lossy }]) => lossy === 'any').map(([kind]) => [kind, 'bf16']),
      );
      const digests = await digestsWith(method, skippedCodec, { codecs });
      expect(digests.direct).to.not.equal(digests.sound);
    });

    it(`a round key that is one too high shows in ${method.name}`, async () => {
      const digests = await digestsWith(method, offByOneRoundKey);
      expect(digests.direct).to.not.equal(digests.sound);
    });

    it(`streams keyed by rounds since the process began show when ${method.name} is resumed`, async () => {
      const scenario = await parityProblem(method, 'float64');
      const whole = await runTiny(scenario, method, { tamper: streamsKeyedSinceStart });
      const resumed = await runTiny(scenario, method, { tamper: streamsKeyedSinceStart, from: whole.snapshots[0]! });
      expect(resumed.digest).to.not.equal(whole.digest);
    });
  }

  for (const method of withServer)
    it(`a random stream shared by all parties shows under shuffled delivery of ${method.name}`, async () => {
      const digests = await digestsWith(method, sharedRandomStream);
      expect(digests.shuffled.some((digest) => digest !== digests.direct)).to.equal(true);
    });

  it('a seal without its round shows in the probe', async () => {
    const digests = await digestsWith(probeMethod, sealWithoutRound);
    expect(digests.direct).to.not.equal(digests.sound);
  });

  it('a seal without its round escapes methods that post the same kinds every round: only the probe can catch it', async () => {
    for (const method of [fedavg, gradientTracking]) {
      const digests = await digestsWith(method, sealWithoutRound);
      expect(digests.direct).to.equal(digests.sound);
    }
  });
});

describe('planted in a method', () => {
  async function seen(bad: AnyMethod) {
    const scenario = await parityProblem(bad, 'float64', allClients);
    const { method, watch } = watchedMethod(bad);
    await runTiny(scenario, method);
    return {
      violations: watch.violations,
      fast: (await runTiny(scenario, bad)).digest,
      checking: (await runTiny(scenario, bad, { placement: checking })).digest,
    };
  }

  for (const [method, kind, field] of [
    [sgd, 'model', 'params'],
    [dgd, 'iterate', 'x'],
  ] as const)
    it(`writing into what was received is seen in ${method.name}, and gives other bits where nothing is copied`, async () => {
      const { violations, fast, checking } = await seen(writesIntoReceived(method, kind, field));
      expect(violations.join('\n')).to.match(new RegExp(`round 0: client \\d changed a received '${kind}'`));
      // Peers have mixed all they received by the time one of them writes; a coordinator continues from what was overwritten.
      if (method === sgd) expect(fast).to.not.equal(checking);
    });

  for (const [method, field] of [
    [dgd, 'x'],
    [scaffold, 'control'],
  ] as const)
    it(`a state changed in place is seen in ${method.name}`, async () => {
      const { violations } = await seen(changesStateInPlace(method, field));
      expect(violations.join('\n')).to.match(/round 0: client 0 changed its state in place/);
    });

  for (const [method, kind, field] of [
    [sgd, 'gradient', 'gradient'],
    [dgd, 'iterate', 'x'],
  ] as const)
    it(`a scratch buffer that was posted and is written into later is seen in ${method.name}`, async () => {
      const { violations, fast, checking } = await seen(postsScratchBuffer(method, kind, field));
      expect(violations.join('\n')).to.match(new RegExp(`round 0: client \\d changed what it had posted as '${kind}'`));
      if (method === sgd) expect(fast).to.not.equal(checking);
    });
});
