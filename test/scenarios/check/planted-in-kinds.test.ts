import { expect } from 'chai';
import { defineAttack } from '../../../protocol/attacks/attack.js';
import { defineMemory, type Memory } from '../../../protocol/codecs/memory.js';
import { defineFault } from '../../../protocol/faults/fault.js';
import type { ReadonlyVector, Vector } from '../../../protocol/method.js';
import { add, copy, scale, subtract, zeros } from '../../../protocol/numerics/vector.js';
import { defineProbe } from '../../../protocol/probe.js';
import { defineExpectation } from '../../../protocol/scenario/expectation.js';
import { defineSchedule } from '../../../protocol/schedules/schedule.js';
import { defineSelection } from '../../../protocol/selection/selection.js';
import { defineSettings } from '../../../protocol/settings/settings.js';
import { defineTopology } from '../../../protocol/topology/family.js';
import { undirectedGraph } from '../../../protocol/topology/graph.js';
import { claimsOf } from '../../../scenarios/check/claims-of.js';
import { definePartition } from '../../../worker/datasets/partition/rule.js';

const settings = defineSettings({});
const summary = 'planted';

/** What the claim with these words in its title finds of a thing; null: it holds. */
async function problem(thing: object, title: string): Promise<string | null> {
  const claims = await claimsOf(thing);
  return claims
    .find((one) => one.title.includes(title))!
    .run()
    .then(
      () => null,
      ({ message }: { readonly message: string }) => message,
    );
}

interface Kept {
  readonly error: Vector;
}

function memory(name: string, changed: Partial<Memory<Kept>>) {
  const sound: Memory<Kept> = {
    name,
    needs: 'contractive-or-absolute',
    init: (length, precision) => ({ error: zeros(length, precision) }),
    prepare: ({ error }, value) => add(error, value),
    settle: (_state, _value, prepared, decoded) => ({ error: subtract(prepared, decoded) }),
    lost: (_state, _value, prepared) => ({ error: copy(prepared) }),
    deliveredValue: (_state, decoded) => decoded,
  };
  return defineMemory({ name, summary, settings, create: () => ({ ...sound, ...changed }) as Memory });
}

const graphOf = (clientCount: number, edges: number) =>
  undirectedGraph(
    clientCount,
    Array.from({ length: edges }, (_, i) => [i, (i + 1) % clientCount] as const),
  );

const ring = (name: string, at: (round: number, clientCount: number) => ReturnType<typeof graphOf>) =>
  defineTopology({
    name,
    summary,
    settings,
    create: (_, clientCount) => ({ period: 1, at: (round) => at(round, clientCount) }),
  });

const PLAIN = "keeps plain data of the run's precision, and changes none of its arguments (float64)";
const SAME_RUN = 'a run has the same bits, bytes, times and figures in sockets, clients packed into 2 workers';

describe('planted in a kind of module', () => {
  it('memories: a value or a state that is written to, state beside the state, what receivers do not hold, what never comes', async () => {
    const writesValue = memory('writes-value', {
      prepare({ error }, value) {
        (value as Vector)[0] = 0;
        return add(error, value);
      },
    });
    expect(await problem(writesValue, PLAIN)).to.match(/^message 0, what was given, afterwards\.value: number 0 of 12/);
    const writesState = memory('writes-state', {
      settle(state, _value, prepared, decoded) {
        for (let i = 0; i < state.error.length; i++) state.error[i] = prepared[i]! - decoded[i]!;
        return state;
      },
    });
    expect(await problem(writesState, PLAIN)).to.match(/^message 0, what was given, afterwards\.state\.error: number/);
    let last: Vector | null = null;
    const keeps = memory('keeps-aside', {
      prepare: ({ error }, value) => add(last ?? error, value),
      settle: (_state, _value, prepared, decoded) => ({ error: (last = subtract(prepared, decoded)) }),
    });
    expect(await problem(keeps, 'does the same again from the same state, in a copy too (float64)')).to.match(/^state/);
    const says = memory('says-other', { deliveredValue: (_state, decoded) => scale(3, decoded) });
    expect(await problem(says, 'receivers hold what deliveredValue says (float64)')).to.match(/^message 0: delivered/);
    const forgets = memory('forgets', { settle: ({ error }) => ({ error: scale(0, error) }) });
    expect(await problem(forgets, 'what one message leaves out comes with a later one')).to.match(
      /expected 12, got 1$/,
    );
    expect(await problem(memory('sound', {}), PLAIN)).to.equal(null);
    const doubles = memory('doubles', { settle: ({ error }) => ({ error: new Float64Array(error.length) }) });
    // The client that cannot encode is the cause, and not the coordinator that then waits for it.
    expect(await problem(doubles, 'is accepted, and runs')).to.match(/^ERR_CODEC_MALFORMED: /);
  });

  it('topologies: graphs that depend on calls, do not repeat as stated, or have other clients', async () => {
    let calls = 0;
    const counts = ring('counts-calls', (_round, clients) => graphOf(clients, clients - (calls++ % 2)));
    const later = ring('shrinks-later', (round, clients) => graphOf(clients, clients - (round % 3)));
    const more = ring('has-more', (_round, clients) => graphOf(clients + 1, clients + 1));
    expect(await problem(counts, 'the same graph whenever it is asked for')).to.match(/^round 1\d, graph/);
    expect(await problem(later, 'repeat after the period that it states')).to.match(/^graph of round 1, period 1/);
    expect(await problem(more, 'every graph has all clients')).to.equal('round 0: clients: expected 6, got 7');
    expect(await problem(more, 'is accepted, and runs')).to.include('expected a graph of 6 clients, got one of 7');
  });

  it('faults: rules that look at no round, do nothing, count calls, or give no time', async () => {
    const slow = (name: string, slowdown: (round: number) => number) =>
      defineFault({ name, summary, settings, create: () => ({ slowdown: (_client, round) => slowdown(round) }) });
    let calls = 0;
    expect(
      await problem(
        slow('always', () => 3),
        'does nothing before its first round',
      ),
    ).to.match(/^expected the times/);
    expect(
      await problem(
        slow('never', () => 1),
        'acts: ',
      ),
    ).to.match(/^expected a run that the rule changes/);
    expect(
      await problem(
        slow('counting', () => 1 + calls++),
        SAME_RUN,
      ),
    ).to.match(/^round 1, figures\.simulatedMs: /);
    for (const [name, factor] of Object.entries({ negative: -1, nan: Number.NaN, zero: 0, endless: Infinity }))
      expect(
        await problem(
          slow(name, () => factor),
          'is accepted, and runs',
        ),
      ).to.include(`expected a positive factor on the time of client 0 in round 0, got ${factor}`);
  });

  it('attacks: an honest vector that is written to, another count or length, other vectors for the same sight', async () => {
    const attack = (
      name: string,
      forge: (honest: readonly ReadonlyVector[], own: readonly ReadonlyVector[]) => Vector[],
    ) => defineAttack({ name, summary, settings, create: () => ({ forge: ({ honest, own }) => forge(honest, own) }) });
    const writes = attack('writes-honest', (honest, own) => {
      (honest[0] as Vector)[0] = 7;
      return own.map(copy);
    });
    let calls = 0;
    const counts = attack('counts-forged', (_honest, own) => own.map((vector) => scale(calls++, vector)));
    const more = attack('sends-more', (_honest, own) => [...own, own[0]!].map(copy));
    const shorter = attack('sends-shorter', (_honest, own) => own.map((vector) => copy(vector).slice(1)));
    const title = 'forges a vector for each of 2 among 5 honest ones, and changes none (float64)';
    expect(await problem(writes, title)).to.match(/^what it saw, afterwards\.honest\[0\]: number 0 of 9: .*got 7$/);
    expect(await problem(counts, title)).to.match(/^what it forges when it sees the same again/);
    expect(await problem(more, title)).to.equal('forged vectors: expected 2, got 3');
    expect(await problem(shorter, title)).to.match(/^length and precision of vector 0/);
    expect(await problem(more, 'is accepted, and runs')).to.include('expected a vector for each of 1 attackers');
  });

  it('selections: a client twice, clients that are not there, what is counted beside the state', async () => {
    const selection = (name: string, clientOf: (k: number) => number) =>
      defineSelection({
        name,
        summary,
        settings,
        create: () => ({
          init: () => null,
          invite: () => [0, 1, 2].map((k) => ({ client: clientOf(k), factor: null })),
        }),
      });
    let calls = 0;
    const NAMES = 'names different clients of the run';
    expect(
      await problem(
        selection('one-thrice', () => 0),
        NAMES,
      ),
    ).to.equal('round 0, invite: different clients: expected 3, got 1');
    expect(
      await problem(
        selection('beyond', (k) => 4 + k),
        NAMES,
      ),
    ).to.match(/^round 0, invite: .* from 0 to 5, got 6$/);
    expect(
      await problem(
        selection('counts-up', () => calls++ % 6),
        'does the same again',
      ),
    ).to.match(/^rounds/);
    expect(
      await problem(
        selection('one-twice', () => 0),
        'is accepted, and runs',
      ),
    ).to.include('got client 0 twice');
  });

  it('probes: a message that is written to, a column that is not stated, a number that is none', async () => {
    const probe = (name: string, column: string, value: number, writes = false) =>
      defineProbe({
        name,
        summary,
        settings,
        measures: ['stated'],
        check: () => {},
        create: () => ({
          kinds: ['gradient'],
          init: () => null,
          begin: () => ({
            take(_kind, message) {
              if (writes) (message.gradient as Vector)[0] = 7;
            },
            finish(measure) {
              measure(column, value);
              return null;
            },
          }),
        }),
      });
    const FINITE = 'measures finite numbers, in the columns that it states';
    expect(await problem(probe('sound-probe', 'stated', 1), FINITE)).to.equal(null);
    expect(await problem(probe('other-column', 'other', 1), FINITE)).to.match(/among stated, got 'other'$/);
    expect(await problem(probe('no-number', 'stated', Number.NaN), FINITE)).to.match(/a finite number, got NaN$/);
    expect(await problem(probe('writes', 'stated', 1, true), 'changes nothing')).to.match(/of a run that is measured/);
  });

  it('expectations: findings that are none, one that throws without figures, one that changes its record', async () => {
    const expectation = (name: string, judge: (rows: readonly { loss: number | null }[]) => unknown) =>
      defineExpectation({ name, summary, settings, judge: ([record]) => judge(record?.rows ?? []) as never });
    const finding = { holds: true, observed: 1, detail: 'it holds' };
    const FINDS = 'finds true, false or unknown';
    expect(
      await problem(
        expectation('sound-finding', () => finding),
        FINDS,
      ),
    ).to.equal(null);
    expect(
      await problem(
        expectation('finds-maybe', () => ({ ...finding, holds: 'maybe' })),
        FINDS,
      ),
    ).to.match(/got maybe$/);
    expect(
      await problem(
        expectation('finds-nothing', () => undefined),
        FINDS,
      ),
    ).to.match(/got undefined$/);
    const needsRows = expectation('needs-rows', (rows) => ({ ...finding, observed: rows[0]!.loss }));
    expect(await problem(needsRows, 'of a run without evaluated rounds')).to.match(/^Cannot read properties/);
    const writes = expectation('writes-rows', (rows) => {
      (rows as unknown[]).length = 0;
      return finding;
    });
    expect(await problem(writes, 'changes nothing in the record')).to.match(/afterwards\[0\]: expected/);
  });

  it('schedules: a negative rate, one that counts calls', async () => {
    let calls = 0;
    const schedule = (name: string, rate: () => number) =>
      defineSchedule({ name, summary, settings, build: () => () => rate() });
    expect(
      await problem(
        schedule('uphill', () => -0.1),
        'a finite number of at least 0',
      ),
    ).to.match(/^step 0: .*got -0.1$/);
    expect(
      await problem(
        schedule('counted', () => calls++),
        'the same at the same step',
      ),
    ).to.match(/^rates of the same/);
  });

  it('partitions: other clients, examples that are not there, one at two clients, an array of another type', async () => {
    const partition = (name: string, shards: (clientCount: number, count: number) => unknown[]) =>
      definePartition({
        name,
        summary,
        settings,
        split: (dataset, clientCount) => ({
          shards: shards(clientCount, dataset.train.count) as Uint32Array[],
          dropped: 0,
          definition: 'planted',
        }),
      });
    const each = (count: number, make: (client: number) => unknown) => Array.from({ length: count }, (_, i) => make(i));
    const OWNS = 'gives each training example to one client at most';
    const found = (name: string, shards: (clientCount: number, count: number) => unknown[]) =>
      problem(partition(name, shards), OWNS);
    expect(await found('fewer', (n) => each(n - 1, (i) => Uint32Array.of(i)))).to.match(/each of 6 clients, got 5$/);
    expect(await found('outside', (n, count) => each(n, (i) => Uint32Array.of(count + i)))).to.match(/120 .*got 120$/);
    expect(await found('shared', (n) => each(n, () => Uint32Array.of(3)))).to.match(/one client at most, got 3 twice$/);
    expect(await found('arrays', (n) => each(n, (i) => [i]))).to.match(/client 0 as a Uint32Array, got \[0\]$/);
  });
});
