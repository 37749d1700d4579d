import { expect } from 'chai';
import { loadMethod } from '../../protocol/method-loader.js';
import { beginTiers, merge } from '../../protocol/methods/asynchronous/parts/tiers.js';
import { logNormalDevices } from '../../protocol/scenario/device-speeds.js';
import { localPlacement, placements } from '../../scenarios/check/parts/placements.js';
import { resolveTiny } from '../../scenarios/check/parts/tiny-problems.js';
import { runTiny, type TinyRun } from '../../scenarios/check/parts/tiny-run.js';
import type { Fleet } from '../../scenarios/run/fleet.js';
import { systemSecrets } from '../../worker/secrets.js';

const CLIENTS = 6;
const METHODS = {
  fedasync: await loadMethod('fedasync'),
  fedat: await loadMethod('fedat'),
  fedbuff: await loadMethod('fedbuff'),
  'fedbuff-secure': await loadMethod('fedbuff-secure'),
};

/** Speeds of a log-normal law with sigma 1.5: the slowest client is tens of times slower than the fastest. */
function problem(name: keyof typeof METHODS, hyperparameters: object = {}, more: object = {}) {
  return resolveTiny(METHODS[name], {
    method: { name, batchSize: 2, clientLearningRate: 0.05, ...hyperparameters },
    objective: { name: 'quadratic', dimension: 6 },
    clients: CLIENTS,
    rounds: 20,
    checkpoints: { everyRounds: 6 },
    evaluation: { everyRounds: 1 },
    devices: logNormalDevices({ clients: CLIENTS, seed: 3, msPerExample: 5, msPerRound: 20, logStddev: 1.5 }),
    links: [{ latencyMs: 15, jitterMs: 10, bandwidthMbps: 1 }],
    ...more,
  });
}

const ages = ({ rows }: TinyRun) => rows.map(({ extra }) => extra.age);

/** What must not depend on where the parties run. */
const seen = (run: TinyRun) => ({
  digest: run.digest,
  bytes: run.result.bytes,
  simulatedMs: run.result.simulatedMs,
  faultsFired: run.result.faultsFired,
  entries: run.entries,
  ages: ages(run),
});

/** Answers arrive as their computation ends, as in an event loop without a clock. */
function byRealArrival({ site }: Fleet): void {
  let desk: Fleet['site']['office']['desk'] = null;
  Object.defineProperty(site.office, 'desk', {
    get: () => desk,
    set: (given) => {
      desk = Object.assign(given, { byRealArrival: true });
    },
  });
}

describe('asynchronous methods on the virtual clock', () => {
  for (const [name, method, hyperparameters, more] of [
    ['fedasync', 'fedasync', {}, {}],
    ['fedasync, hinge', 'fedasync', { staleness: 'hinge', stalenessThreshold: 2, stalenessExponent: 3 }, {}],
    [
      'fedat, half of a tier is enough, messages lost and a client that is away',
      'fedat',
      { tiers: 2, quorum: 0.5 },
      {
        faults: [
          { fault: 'drop', probability: 0.1 },
          { fault: 'crash', clients: [1], from: 5, until: 15 },
        ],
      },
    ],
    [
      'fedbuff, delayed Nesterov',
      'fedbuff',
      { bufferSize: 1, serverOptimizer: { name: 'delayed-nesterov', learningRate: 0.3 } },
      {},
    ],
    ['fedbuff, 4 places for 6 clients', 'fedbuff', { bufferSize: 3 }, { participation: { cohort: 4 } }],
    [
      'fedbuff, lossy codecs with error feedback',
      'fedbuff',
      { bufferSize: 3 },
      { codecs: { model: 'qsgd', update: { codec: 'top-k', memory: 'error-feedback' } } },
    ],
    [
      'fedbuff, messages lost and late, a slow client and one that is away',
      'fedbuff',
      { bufferSize: 3 },
      {
        faults: [
          { fault: 'drop', probability: 0.1 },
          { fault: 'delay', probability: 0.2, delayMs: 500 },
          { fault: 'slow', clients: [0], factor: 3, from: 4, until: 9 },
          { fault: 'crash', clients: [1], from: 5, until: 9 },
        ],
      },
    ],
    [
      'fedbuff-secure, messages lost and late, a slow client and one that is away',
      'fedbuff-secure',
      { bufferSize: 3 },
      {
        faults: [
          { fault: 'drop', probability: 0.1 },
          { fault: 'delay', probability: 0.2, delayMs: 500 },
          { fault: 'slow', clients: [0], factor: 3, from: 4, until: 9 },
          { fault: 'crash', clients: [1], from: 5, until: 9 },
        ],
      },
    ],
  ] as const)
    it(`${name}: equal bits, bytes, times and ages in all placements, and resumed from each checkpoint`, async function () {
      this.timeout(240_000);
      const scenario = await problem(method, hyperparameters, more);
      const whole = await runTiny(scenario, METHODS[method]);
      expect(Math.max(...ages(whole).map((age) => age ?? 0)), 'a stale answer').to.be.greaterThan(0);
      for (const placement of placements)
        expect(seen(await runTiny(scenario, METHODS[method], { placement })), placement.name).to.deep.equal(
          seen(whole),
        );
      expect(whole.snapshots).to.have.length(3);
      for (const from of whole.snapshots)
        for (const placement of [undefined, placements.at(-1)!]) {
          const {
            entries,
            ages: _,
            ...resumed
          } = seen(await runTiny(scenario, METHODS[method], { from, ...(placement && { placement }) }));
          const { entries: all, ages: __, ...expected } = seen(whole);
          expect(resumed, `from ${from.round}`).to.deep.equal(expected);
          expect(entries).to.deep.equal(all.slice(from.round));
        }
    });

  it('arrivals in real order, an agenda forgotten, or begun again with the newest model give other bits', async () => {
    const scenario = await problem('fedbuff', { bufferSize: 3 });
    const whole = await runTiny(scenario, METHODS.fedbuff);
    const placement = localPlacement('shuffled', 'fast', 2);
    const naive = await runTiny(scenario, METHODS.fedbuff, { placement, tamper: byRealArrival });
    expect(naive.digest).to.not.equal(whole.digest);
    const from = whole.snapshots[1]!;
    const agenda = from.carried.agenda!;
    const newest = agenda.tasks.reduce((a, b) => (b.step > a.step ? b : a));
    for (const tasks of [[], agenda.tasks.map((task) => ({ ...task, step: newest.step, body: newest.body }))]) {
      const changed = { ...from, carried: { ...from.carried, agenda: { ...agenda, tasks } } };
      expect((await runTiny(scenario, METHODS.fedbuff, { from: changed })).digest).to.not.equal(whole.digest);
    }
  });

  it('with one place every answer is fresh, and FedBuff with K = 1 is FedAsync of the same rate', async () => {
    const one = { participation: { cohort: 1 } };
    const buffered = await problem('fedbuff', { bufferSize: 1, serverLearningRate: 0.6 }, one);
    const mixed = await problem('fedasync', { mixing: 0.6 }, one);
    const [a, b] = [await runTiny(buffered, METHODS.fedbuff), await runTiny(mixed, METHODS.fedasync)];
    expect(new Set([...ages(a), ...ages(b)])).to.deep.equal(new Set([0]));
    a.losses.forEach((loss, i) => {
      expect(loss).to.be.closeTo(b.losses[i]!, 1e-4 * Math.abs(loss!));
    });
  });

  it('FedBuff with K = all clients, each once a model, is FedAvg of the same steps', async () => {
    const fedavg = await loadMethod('fedavg');
    const whole = { batchSize: 1000, clientLearningRate: 0.05 };
    const twin = await problem('fedbuff', { ...whole, bufferSize: CLIENTS, again: 'once' });
    const rounds = await resolveTiny(fedavg, {
      ...{
        clients: CLIENTS,
        rounds: 20,
        evaluation: { everyRounds: 1 },
        objective: { name: 'quadratic', dimension: 6 },
      },
      method: { name: 'fedavg', ...whole },
    });
    const [a, b] = [await runTiny(twin, METHODS.fedbuff), await runTiny(rounds, fedavg)];
    expect(new Set(ages(a))).to.deep.equal(new Set([0]));
    a.losses.forEach((loss, i) => {
      expect(loss).to.be.closeTo(b.losses[i]!, 1e-4 * Math.abs(loss!));
    });
  });

  it('masked, FedBuff has the bits, bytes and times of the same integers in the clear, and is plain FedBuff to 0.2 %', async () => {
    const buffered = { bufferSize: 3, again: 'once', serverOptimizer: { name: 'momentum', learningRate: 0.5 } };
    const run = async (name: 'fedbuff' | 'fedbuff-secure', more: object) =>
      // Without bandwidth the bytes of keys take no time, so that both have one order of arrivals.
      runTiny(await problem(name, { ...buffered, ...more }, { links: [{ latencyMs: 15 }] }), METHODS[name]);
    const masked = await run('fedbuff-secure', { range: 10 });
    expect(seen(masked)).to.deep.equal(seen(await run('fedbuff-secure', { range: 10, sum: 'clear' })));
    // A client is in a buffer once: until one comes twice the answers are those of plain FedBuff.
    const plain = await run('fedbuff', {});
    const same = masked.rows.findIndex(({ extra }) => extra.repeatedAnswers! > 0);
    expect(same, 'steps without a second answer').to.be.greaterThan(2);
    // Weights are whole 256ths, so each is within half of one.
    for (let i = 0; i < same; i++) expect(masked.losses[i]).to.be.closeTo(plain.losses[i]!, plain.losses[i]! / 512);
    // 3 keys with client and step to the dealer, 6 words back.
    expect(new Set(masked.rows.map(({ extra }) => extra.dealerBytes))).to.deep.equal(new Set([3 * 52 + 4 * 6]));
  });

  it('a buffer that cannot be filled stays closed: the model does not move, and the answers are counted', async () => {
    const faults = [{ fault: 'crash', clients: [0, 1, 2, 3], from: 0 }];
    const few = await problem('fedbuff-secure', { bufferSize: 3, again: 'once' }, { faults, rounds: 3 });
    const run = await runTiny(few, METHODS['fedbuff-secure']);
    expect(new Set(run.losses).size).to.equal(1);
    expect(run.rows.map(({ extra }) => extra.unopenedAnswers)).to.deep.equal([2, 2, 2]);
  });

  it('a client that uses a mask twice is refused, and so are a buffer of more than the clients and weights that leave no levels', async () => {
    const scenario = await problem('fedbuff-secure', { bufferSize: 3 });
    const keys = await systemSecrets.keyPair();
    const tamper = ({ site }: Fleet) => {
      Object.assign(site.host, { secrets: { ...systemSecrets, keyPair: async () => keys } });
    };
    const error = await runTiny(scenario, METHODS['fedbuff-secure'], { tamper }).catch((refused: Error) => refused);
    expect((error as Error).message)
      .to.contain("'update'")
      .and.contain('an X25519 key that was not used before');
    for (const [hyperparameters, path] of [
      [{ bufferSize: 301 }, 'method.bufferSize: expected at most the 300 clients'],
      [{ bufferSize: 1 }, 'method.bufferSize: expected an integer of at least 2'],
      [
        { bufferSize: 300, weightLevels: 65536 },
        'method.weightLevels: expected 300 answers of weight 65536 to leave 256',
      ],
      [{ bufferSize: 100, weightLevels: 65536 }, 'none'],
    ] as const) {
      const more = { clients: 300, devices: [], data: { name: 'gaussian-clusters', examples: 600 } };
      const refused = await problem('fedbuff-secure', hyperparameters, more).then(
        () => 'none',
        ({ message }: Error) => message,
      );
      expect(refused).to.contain(path);
    }
  });

  it('FedAT makes its tiers by speed, each with its own rounds, and with one tier it is FedAvg', async () => {
    // Pairs of one speed: 40, 400 and 4000 ms a round, not in the order of the clients.
    const devices = [2, 0, 1, 0, 2, 1].map((tier, client) => ({
      clients: [client],
      msPerExample: 0,
      msPerRound: 40 * 10 ** tier,
    }));
    const tiers = {
      clients: CLIENTS,
      rounds: 30,
      devices,
      links: [{ latencyMs: 0 }],
      checkpoints: { everyRounds: 100 },
    };
    const run = await runTiny(await problem('fedat', {}, tiers), METHODS.fedat);
    const stepped = run.rows.map(({ extra }) => extra.tier);
    // A round of the fastest tier each 40 ms, of the next each 400 ms.
    expect(stepped.slice(0, 11)).to.deep.equal([1, 1, 1, 1, 1, 1, 1, 1, 1, 2, 1]);
    expect(stepped.filter((tier) => tier === 2).length).to.be.within(2, 3);
    expect(run.rows.at(-1)!.simulatedMs).to.be.within(1040, 1200);
    // After 9 and 3 rounds, and none of the slowest, whose model has the most weight: (1 a + 4 b + 10 c) / 15 crossed.
    const merged = beginTiers(3, Float64Array.of(0)).map((tier, m) => ({
      ...tier,
      rounds: [9, 3, 0][m]!,
      params: Float64Array.of([1, 10, 100][m]!),
    }));
    expect(merge(merged, true)[0]).to.be.closeTo((1 * 1 + 4 * 10 + 10 * 100) / 15, 1e-12);
    expect(merge(merged, false)[0]).to.be.closeTo(37, 1e-12);

    const fedavg = await loadMethod('fedavg');
    const same = { batchSize: 1000, clientLearningRate: 0.05 };
    const one = await runTiny(
      await problem('fedat', { ...same, tiers: 1, proximal: 0, tierWeights: 'equal' }),
      METHODS.fedat,
    );
    const rounds = await resolveTiny(fedavg, {
      clients: CLIENTS,
      rounds: 20,
      evaluation: { everyRounds: 1 },
      objective: { name: 'quadratic', dimension: 6 },
      method: { name: 'fedavg', ...same },
    });
    const twin = await runTiny(rounds, fedavg);
    one.losses.forEach((loss, i) => {
      expect(loss).to.be.closeTo(twin.losses[i]!, 1e-4 * Math.abs(loss!));
    });
  });

  it('clients without an answer wait until time has moved; when nothing can arrive the run ends with ERR_STALLED', async () => {
    const timeless = { devices: [], links: [] };
    const lossy = { ...timeless, faults: [{ fault: 'drop', senders: [0, 1], probability: 1 }] };
    const run = await runTiny(await problem('fedbuff', { bufferSize: 3 }, lossy), METHODS.fedbuff);
    expect(run.result.roundsDone).to.equal(20);
    // At most one task in vain of each of the two for each answer of the others.
    expect(run.absences.length).to.be.within(10, 2 * 3 * 20 + 2 * CLIENTS);
    for (const faults of [[{ fault: 'drop', probability: 1 }], [{ fault: 'drop', kind: 'update', probability: 1 }]])
      for (const more of [{}, timeless]) {
        const dead = await problem('fedbuff', {}, { ...more, faults });
        const error = await runTiny(dead, METHODS.fedbuff).catch((ended: Error) => ended);
        expect((error as Error).message).to.match(
          /^ERR_STALLED: step 0: expected an answer in 1000 tasks, got none .*'faults', 'links' and 'data'/,
        );
      }
  });

  it('where all clients are away and none is at work, time moves on to when one may be back, in all placements and resumed', async function () {
    this.timeout(60_000);
    // Back one after the other, from a tenth of a second on, and away again after one second, in every two.
    const rows = Array.from({ length: CLIENTS }, (_, client) => [
      [client, 0, 0],
      [client, 0.1 + 0.05 * client, 1],
      [client, 1, 0],
    ]).flat();
    const faults = [{ fault: 'availability-trace', trace: { rows }, period: 2 }];
    const scenario = await problem('fedasync', {}, { faults, rounds: 60 });
    const whole = await runTiny(scenario, METHODS.fedasync);
    const steps = whole.rows.map(({ simulatedMs }, i) => ({
      ms: simulatedMs,
      idle: whole.entries[i]!.cohort.length === 0,
    }));
    expect(steps[0]).to.deep.equal({ ms: 100, idle: true });
    expect(steps[1]!.idle).to.equal(false);
    const again = steps.findIndex(({ ms, idle }) => idle && ms >= 2000);
    expect(steps[again]!.ms % 2000).to.be.oneOf([0, 100]);
    expect(steps.slice(again).some(({ idle }) => !idle)).to.equal(true);
    for (const placement of placements)
      expect(seen(await runTiny(scenario, METHODS.fedasync, { placement })), placement.name).to.deep.equal(seen(whole));
    for (const from of whole.snapshots) {
      const { digest, simulatedMs } = seen(await runTiny(scenario, METHODS.fedasync, { from }));
      expect([digest, simulatedMs]).to.deep.equal([whole.digest, whole.result.simulatedMs]);
    }
  });

  it('what tasks cannot carry is refused by name', async () => {
    for (const [more, path] of [
      [{ participation: { cohort: 2, sampling: 'poisson' } }, 'participation.sampling'],
      [{ participation: { deadlineMs: 10 } }, 'participation.deadlineMs'],
      [{ workers: { onLoss: 'absent' } }, 'workers.onLoss'],
      [{ faults: [{ fault: 'crash', clients: [0], downRounds: 2, memory: 'lost' }] }, 'faults.0.memory'],
    ] as const) {
      const error = await problem('fedbuff', {}, more).catch((refused: Error) => refused);
      expect(error).to.be.instanceOf(Error);
      expect((error as Error).message)
        .to.contain(path)
        .and.contain('asynchronous');
    }
  });
});
