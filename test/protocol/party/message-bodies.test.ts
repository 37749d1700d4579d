import { expect } from 'chai';
import { loadMethod } from '../../../protocol/method-loader.js';
import { MessageBodies } from '../../../protocol/party/message-bodies.js';
import type { Scenario } from '../../../protocol/scenario/scenario.js';
import { SpareMemory } from '../../../protocol/wire/spare-memory.js';
import { inOneProcess, localPlacement, socketPlacement } from '../../../scenarios/check/parts/placements.js';
import { resolveTiny } from '../../../scenarios/check/parts/tiny-problems.js';
import { runTiny } from '../../../scenarios/check/parts/tiny-run.js';

/** Bodies are large enough to be kept from here on: 20,000 halves and bytes are. */
const DIMENSION = 20_000;

/** Codecs of models and of updates. */
const bf16 = { codec: { name: 'bf16' } };
const int8 = { codec: { name: 'int8-linear' }, memory: 'error-feedback' };
const identity = { codec: { name: 'identity' }, memory: 'error-feedback' };
const measured = {
  codec: { name: 'adaptive', ladder: [{ name: 'bf16' }, { name: 'int8-dynamic' }], everyRounds: 2 },
};
const CODED: readonly (readonly [what: string, codecs: Readonly<Record<string, object>>])[] = [
  ['bf16', { model: bf16, update: bf16 }],
  ['bf16 of updates alone', { update: bf16 }],
  ['int8-linear with error feedback', { model: int8, update: int8 }],
  ['the identity, decoded as a view of its body', { model: identity, update: identity }],
  ['levels that are measured, for which halves of a round run twice', { model: bf16, update: measured }],
];
const FAULTS = [
  { fault: 'duplicate', probability: 0.5 },
  { fault: 'delay', delayMs: 5, probability: 0.5 },
  { fault: 'corrupt', probability: 0.1, kind: 'update' },
  { fault: 'drop', probability: 0.2, kind: 'update' },
];

const PLACEMENTS = [
  inOneProcess,
  localPlacement('one process, shuffled', 'fast', 3),
  localPlacement('one process, checking, shuffled', 'checking', 4),
  socketPlacement('sockets to 2 workers', 2),
];

const method = await loadMethod('fedavg');

function scenarioOf(codecs: object, faults: readonly object[]): Promise<Scenario> {
  return resolveTiny(method, {
    objective: { name: 'quadratic', dimension: DIMENSION },
    codecs: codecs as never,
    faults: faults as never,
    rounds: 4,
    precision: 'float32',
  });
}

/** While `work` runs, memory that is given back is overwritten at once. Returns how much of it was taken again. */
async function whileOverwritten(work: () => Promise<void>): Promise<{ readonly reused: number }> {
  const { give, take } = SpareMemory.prototype;
  const given = new WeakSet<Uint8Array>();
  let reused = 0;
  SpareMemory.prototype.give = function (memory) {
    given.add(memory.fill(0xff));
    give.call(this, memory);
  };
  SpareMemory.prototype.take = function (length) {
    const memory = take.call(this, length);
    if (given.has(memory)) reused++;
    return memory;
  };
  try {
    await work();
  } finally {
    Object.assign(SpareMemory.prototype, { give, take });
  }
  return { reused };
}

describe('memory of encoded messages', () => {
  for (const [what, codecs] of CODED)
    for (const [network, faults] of [
      ['', []],
      [', some of them doubled, late, changed and lost', FAULTS],
    ] as const)
      it(`is filled again only when no receiver reads it any more: ${what}${network}`, async () => {
        const scenario = await scenarioOf(codecs, faults);
        const digests = new Map<string, string>();
        // What nothing gives back is as in a run that never uses memory again.
        const { give } = SpareMemory.prototype;
        SpareMemory.prototype.give = () => {};
        const expected = (await runTiny(scenario, method, { placement: inOneProcess })).digest;
        SpareMemory.prototype.give = give;
        for (const placement of PLACEMENTS)
          await whileOverwritten(async () => {
            digests.set(placement.name, (await runTiny(scenario, method, { placement })).digest);
          });
        expect([...digests.values()], [...digests.keys()].join()).to.deep.equal(PLACEMENTS.map(() => expected));
      });

  for (const placement of [inOneProcess, socketPlacement('sockets to 2 workers', 2)])
    it(`is used again in the next rounds: ${placement.name}`, async () => {
      const scenario = await scenarioOf({ model: bf16, update: bf16 }, []);
      const { reused } = await whileOverwritten(async () => {
        await runTiny(scenario, method, { placement });
      });
      // 4 rounds of one broadcast and 6 updates.
      expect(reused).to.be.at.least(12);
    });

  it('a body of which the sender has a view, and one of other memory, are not given back', () => {
    const spare = new SpareMemory(1 << 20);
    const bodies = new MessageBodies(spare);
    const viewed = bodies.room(DIMENSION);
    bodies.made(viewed, new Float32Array(viewed.buffer));
    bodies.made(new Uint8Array(DIMENSION), new Float32Array(3));
    expect(bodies.release).to.equal(null);
    const decoded = bodies.room(DIMENSION);
    bodies.made(decoded, new Float32Array(3));
    bodies.release!();
    expect(spare.take(DIMENSION)).to.equal(decoded);
    expect(spare.take(DIMENSION)).to.not.equal(viewed);
  });
});
