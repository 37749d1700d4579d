import { expect } from 'chai';
import { GradswarmError } from '../../../protocol/errors.js';
import { channelNoise } from '../../../protocol/faults/channel-noise.js';
import { corrupt } from '../../../protocol/faults/corrupt.js';
import { crash } from '../../../protocol/faults/crash.js';
import { delay } from '../../../protocol/faults/delay.js';
import { drop } from '../../../protocol/faults/drop.js';
import { duplicate } from '../../../protocol/faults/duplicate.js';
import { always, at, during } from '../../../protocol/faults/fault.js';
import { partition } from '../../../protocol/faults/partition.js';
import { probabilisticQuantiser } from '../../../protocol/faults/probabilistic-quantiser.js';
import { slow } from '../../../protocol/faults/slow.js';
import { below } from '../../../protocol/scenario/expectations/below.js';
import { reaches } from '../../../protocol/scenario/expectations/reaches.js';
import { type ScenarioInput, scenario } from '../../../protocol/scenario/input.js';
import { resolveScenario } from '../../../protocol/scenario/resolve.js';
import { tinyCatalogue } from '../../support/tiny-catalogue.js';

const server: ScenarioInput = { name: 'tiny', method: 'fedavg', data: 'gaussian-clusters' };
const peers: ScenarioInput = { name: 'peers', method: 'gradient-tracking', data: 'mnist', topology: 'ring' };
const plain = { codec: { name: 'identity' }, memory: null, scope: 'vector' };

async function problemsOf(input: unknown): Promise<string> {
  try {
    await resolveScenario(input as ScenarioInput, tinyCatalogue);
  } catch (error) {
    expect(error).to.be.instanceOf(GradswarmError).with.property('code', 'ERR_SCENARIO');
    return (error as Error).message;
  }
  return 'no problem';
}

describe('resolveScenario', () => {
  it('a cohort beyond any array is refused as one above the clients, also where rules are tried on it', async () => {
    const aggregators = { update: ['median'] };
    for (const cohort of [2 ** 53 - 1, 11])
      expect(await problemsOf({ ...server, clients: 10, participation: { cohort }, aggregators })).to.equal(
        `ERR_SCENARIO: scenario 'tiny': participation.cohort: expected at most clients = 10, got ${cohort}`,
      );
  });

  it('a rule that compares all pairs is refused for more vectors than memory holds pairs of', async () => {
    expect(await problemsOf({ ...server, clients: 60_000, aggregators: { update: ['krum'] } })).to.match(
      /aggregators\.update: expected at most 8192 vectors, of which all pairs are compared, got 60000/,
    );
  });

  it('times that a timer or a sum does not hold are refused: six days is the longest, a bit a second the slowest', async () => {
    const six = 'a number in (0, 500000000]';
    for (const key of ['joinTimeoutMs', 'heartbeatMs', 'stallMs', 'computeMs', 'peerDownMs'])
      expect(await problemsOf({ ...server, workers: { [key]: 1e12 } })).to.include(`workers.${key}: expected ${six}`);
    expect(await problemsOf({ ...server, participation: { deadlineMs: 1e9 } })).to.include(
      'participation.deadlineMs: expected a number in (0, 500000000]',
    );
    for (const link of [{ latencyMs: 1e308 }, { jitterMs: 1e308 }, { retransmitMs: 1e308 }, { bandwidthMbps: 1e-320 }])
      expect(await problemsOf({ ...server, links: [link] })).to.include(`links.0.${Object.keys(link)[0]}: expected`);
    for (const key of ['msPerExample', 'msPerRound', 'nsPerParameterCoded'])
      expect(await problemsOf({ ...server, devices: [{ clients: 'all', [key]: 1e300 }] })).to.include(
        `devices.0.${key}: expected`,
      );
    expect(await problemsOf({ ...server, faults: [{ fault: 'delay', delayMs: 1e300 }] })).to.include(
      'faults.0.delayMs',
    );
    expect(await problemsOf({ ...server, faults: [{ fault: 'slow', clients: 'all', factor: 1e300 }] })).to.include(
      'faults.0.factor',
    );
  });

  it('a name that is no text does not become the name in the message', async () => {
    expect(await problemsOf({ ...server, name: { a: 1 } })).to.match(
      /^ERR_SCENARIO: scenario '\?': name: expected letters/,
    );
  });

  it('writes every default out', async () => {
    expect(await resolveScenario(server, tinyCatalogue)).to.deep.equal({
      name: 'tiny',
      description: '',
      method: {
        name: 'fedavg',
        localEpochs: 1,
        clientLearningRate: 0.1,
        nesterov: false,
        batchSize: null,
        layers: [16, 16],
        optimizer: { name: 'heavy-ball', learningRate: 1, momentum: 0.9 },
        clipping: { radius: 1, adaptive: { quantile: 0.5 } },
      },
      objective: { name: 'softmax-regression', l2: 0 },
      data: { name: 'gaussian-clusters', classes: 10, examples: 1000, partition: { name: 'iid' } },
      clients: 10,
      rounds: 100,
      seed: 1,
      precision: 'float32',
      participation: { cohort: 'all', sampling: 'fixed', quorum: null, deadlineMs: null, first: null },
      topology: null,
      aggregators: {},
      codecs: { model: plain, update: plain, masked: plain, kept: plain },
      clock: 'virtual',
      devices: [{ clients: 'all', msPerExample: 1, msPerRound: 0, nsPerParameterCoded: 0 }],
      links: [
        {
          from: 'all',
          to: 'all',
          kind: null,
          direction: 'all',
          bandwidthMbps: 100,
          latencyMs: 20,
          jitterMs: 0,
          retransmitMs: null,
        },
      ],
      faults: [],
      evaluation: { everyRounds: 1, train: false, average: null, perClient: null },
      checkpoints: { everyRounds: 'auto', share: 0.05 },
      workers: {
        count: 0,
        onLoss: 'replay',
        allowAbsent: false,
        joinTimeoutMs: 60_000,
        heartbeatMs: 20_000,
        peerDownMs: 3_000,
        stallMs: 30_000,
        computeMs: 3_600_000,
      },
      privacy: { noise: 'seeded', form: 'float', delta: 1e-5, budget: null, accountant: 'auto' },
      measure: [],
      stress: { gradientScales: {} },
      study: null,
      device: null,
      expect: [{ name: 'finite', growth: 'bounded' }],
      claims: [],
      expectedSeconds: null,
    });
  });

  it('writes the parts in one order, whatever the order they were given in', async () => {
    const { name, method, data } = { name: 'server', ...server };
    const resolved = await resolveScenario({ data, seed: 4, method, name }, tinyCatalogue);
    expect(Object.keys(resolved)).to.deep.equal(Object.keys(await resolveScenario(server, tinyCatalogue)));
    expect(Object.keys(resolved).slice(0, 5)).to.deep.equal(['name', 'description', 'method', 'objective', 'data']);
  });

  it('keeps a resolved scenario as it is, also after a way through JSON', async () => {
    const inputs = [
      {
        ...server,
        codecs: { update: { codec: 'top-k', memory: 'error-feedback' } },
        devices: [{ clients: [3], msPerExample: 40 }],
        links: [{ direction: 'up' as const, latencyMs: 5 }],
        faults: [
          always(drop({ probability: 0.5 })),
          { fault: 'byzantine', clients: [0], attack: 'sign-flip', until: 3 },
        ],
        expect: [reaches({ loss: 0.1, byRound: 7 })],
        participation: { cohort: 4, quorum: { fraction: 0.5 } },
      },
      peers,
    ];
    for (const input of inputs) {
      const once = await resolveScenario(input, tinyCatalogue);
      expect(JSON.parse(JSON.stringify(once))).to.deep.equal(once);
      expect(await resolveScenario(once, tinyCatalogue)).to.deep.equal(once);
    }
  });

  it('resolves the TypeScript form and the JSON that a person would write for it to the same data', async () => {
    const typescript = scenario('faulty', {
      method: { name: 'gradient-tracking', step: 0.01 },
      data: { name: 'mnist', partition: { name: 'dirichlet', alpha: 0.1 } },
      topology: 'torus',
      clients: 8,
      faults: [
        during(50, 80, partition([0, 1, 2, 3], [4, 5, 6, 7])),
        at(120, crash({ client: 2, downRounds: 10, memory: 'lost' })),
        always(drop({ kind: 'iterate', probability: 0.02 })),
        always(channelNoise({ kind: 'iterate', stddev: 1e-3 })),
        during(1, 2, duplicate({ probability: 1, senders: [3] })),
        during(1, 2, corrupt({ probability: 0.5, direction: 'peer' })),
        always(delay({ delayMs: 9, jitterMs: 2 })),
      ],
      expect: [below({ of: 'finalLoss', value: 0.05 })],
    });
    const json = JSON.parse(`{
      "name": "faulty", "method": { "name": "gradient-tracking", "step": 0.01 },
      "data": { "name": "mnist", "partition": { "name": "dirichlet", "alpha": 0.1 } },
      "topology": { "name": "torus" }, "clients": 8,
      "faults": [
        { "fault": "partition", "groups": [[0, 1, 2, 3], [4, 5, 6, 7]], "from": 50, "until": 80 },
        { "fault": "crash", "clients": [2], "downRounds": 10, "memory": "lost", "from": 120, "until": 121 },
        { "fault": "drop", "kind": "iterate", "probability": 0.02 },
        { "fault": "channel-noise", "kind": "iterate", "stddev": 0.001 },
        { "fault": "duplicate", "probability": 1, "senders": [3], "from": 1, "until": 2 },
        { "fault": "corrupt", "probability": 0.5, "direction": "peer", "from": 1, "until": 2 },
        { "fault": "delay", "delayMs": 9, "jitterMs": 2 }
      ],
      "expect": [{ "name": "below", "of": "finalLoss", "value": 0.05 }]
    }`);
    const resolved = await resolveScenario(typescript, tinyCatalogue);
    expect(await resolveScenario(json, tinyCatalogue)).to.deep.equal(resolved);
    expect(resolved.expect.map(({ name }) => name)).to.deep.equal(['finite', 'every-fault-happened', 'below']);
    expect(resolved.faults[2]).to.deep.equal({
      fault: 'drop',
      from: 0,
      until: null,
      kind: 'iterate',
      direction: 'all',
      senders: 'all',
      receivers: 'all',
      probability: 0.02,
    });
  });

  it('takes null wherever a record has it, and every form that a part may have', async () => {
    const { links, participation, checkpoints } = await resolveScenario(
      {
        ...server,
        links: [{ bandwidthMbps: null, retransmitMs: 3 }],
        participation: { cohort: 3, quorum: { count: 2 }, deadlineMs: 9 },
        checkpoints: { everyRounds: null },
      },
      tinyCatalogue,
    );
    expect(links).to.have.length(1);
    expect(links[0]).to.include({ bandwidthMbps: null, retransmitMs: 3, kind: null });
    expect(participation).to.deep.equal({
      cohort: 3,
      sampling: 'fixed',
      quorum: { count: 2 },
      deadlineMs: 9,
      first: null,
    });
    expect(checkpoints).to.deep.equal({ everyRounds: null, share: 0.05 });
  });

  it('puts the usual device and link below a list that covers only some', async () => {
    const { devices, links } = await resolveScenario(
      { ...server, devices: [{ clients: [5], msPerExample: 40 }], links: [{ direction: 'down', latencyMs: 1 }] },
      tinyCatalogue,
    );
    expect(devices.map(({ clients, msPerExample }) => [clients, msPerExample])).to.deep.equal([
      ['all', 1],
      [[5], 40],
    ]);
    expect(links.map(({ direction, latencyMs }) => [direction, latencyMs])).to.deep.equal([
      ['all', 20],
      ['down', 1],
    ]);
  });

  it('completes a spec and other objects inside the settings', async () => {
    const { method } = await resolveScenario(
      {
        ...server,
        method: { name: 'fedavg', optimizer: { name: 'adam', beta1: 0.8 }, clipping: { adaptive: { quantile: 0.9 } } },
      },
      tinyCatalogue,
    );
    expect(method.optimizer).to.deep.include({ name: 'adam', beta1: 0.8, beta2: 0.999 });
    expect(method.clipping).to.deep.equal({ radius: 1, adaptive: { quantile: 0.9 } });
    const named = await resolveScenario({ ...server, method: { name: 'fedavg', optimizer: 'lamb' } }, tinyCatalogue);
    expect(named.method.optimizer).to.deep.include({ name: 'lamb', beta1: 0.9 });
  });

  it('a number and a schedule may stand for each other, and nothing else may stand for either', async () => {
    const rate = { name: 'inverse-power', rate: 2, offset: 41, exponent: 1 };
    const { method } = await resolveScenario(
      { ...server, method: { name: 'fedavg', clientLearningRate: rate } },
      tinyCatalogue,
    );
    expect(method.clientLearningRate).to.deep.equal(rate);
    for (const wrong of [{ rate: 2 }, true, [0.1]])
      expect(await problemsOf({ ...server, method: { name: 'fedavg', clientLearningRate: wrong } })).to.include(
        'method.clientLearningRate: expected a number above 0 or a schedule such as',
      );
  });

  it("'*' is the codec of kinds whose leavings the method keeps, and of no other; an entry of its own comes first", async () => {
    const topK = { name: 'top-k', fraction: 0.25, values: { name: 'identity' } };
    const { codecs } = await resolveScenario({ ...server, codecs: { '*': topK } }, tinyCatalogue);
    expect(Object.entries(codecs).map(([kind, { codec }]) => [kind, codec.name])).to.deep.equal([
      ['model', 'identity'],
      ['update', 'identity'],
      ['masked', 'identity'],
      ['kept', 'top-k'],
    ]);
    const own = await resolveScenario({ ...server, codecs: { '*': topK, kept: 'identity' } }, tinyCatalogue);
    expect(own.codecs.kept!.codec.name).to.equal('identity');
  });

  it('completes a codec inside a codec', async () => {
    const update = { name: 'top-k', values: 'fp16' };
    const { codecs } = await resolveScenario({ ...server, codecs: { update } }, tinyCatalogue);
    const values = { name: 'fp16', rounding: 'nearest' };
    expect(codecs.update!.codec).to.deep.equal({ name: 'top-k', fraction: 0.1, values });
    expect(
      await problemsOf({ ...server, codecs: { update: { name: 'top-k', values: { name: 'identiti' } } } }),
    ).to.include(
      "codecs.update.codec.values.name: expected the name of a codec, got 'identiti'; nearest is 'identity'",
    );
  });

  it('gives settings without a name to the objective and the partition taken by default', async () => {
    const { objective } = await resolveScenario(
      { ...server, objective: { l2: 0.5 } as unknown as ScenarioInput['objective'] & object },
      tinyCatalogue,
    );
    expect(objective).to.deep.equal({ name: 'softmax-regression', l2: 0.5 });
  });

  it('leaves out keys whose value is undefined', async () => {
    const resolved = await resolveScenario(
      { ...server, clients: undefined } as unknown as ScenarioInput,
      tinyCatalogue,
    );
    expect(resolved.clients).to.equal(10);
  });
});

describe('a bad scenario says the path, what was expected, what came and the nearest name', () => {
  const method = (settings: object) => ({ ...server, method: { name: 'fedavg', ...settings } });
  const cases: readonly [claim: string, input: unknown, problem: string][] = [
    ['no object', 'fedavg', "the scenario: expected an object, got 'fedavg'"],
    [
      'no method',
      { name: 'x', data: 'mnist' },
      'method: expected the name of a method, or an object with a name and settings, got nothing',
    ],
    [
      'unknown key',
      { ...server, cleints: 3 },
      "cleints: expected the name of a setting, got 'cleints'; nearest is 'clients'",
    ],
    ['unknown key far from all', { ...server, zzzzzzzzzzzz: 3 }, 'zzzzzzzzzzzz: expected the name of a setting (name,'],
    [
      'unknown nested key',
      { ...server, participation: { qorum: null } },
      "participation.qorum: expected the name of a setting, got 'qorum'; nearest is 'quorum'",
    ],
    [
      'unknown key in a list',
      { ...server, devices: [{ clients: 'all', msPerExampel: 1 }] },
      "devices.0.msPerExampel: expected the name of a setting, got 'msPerExampel'; nearest is 'msPerExample'",
    ],
    [
      'unknown method',
      { ...server, method: 'fedavgg' },
      "method.name: expected the name of a method, got 'fedavgg'; nearest is 'fedavg'",
    ],
    [
      'unknown data set',
      { ...server, data: 'mnits' },
      "data.name: expected the name of a data set, got 'mnits'; nearest is 'mnist'",
    ],
    [
      'unknown partition',
      { ...server, data: { name: 'mnist', partition: 'dirichlett' } },
      "data.partition.name: expected the name of a partition, got 'dirichlett'; nearest is 'dirichlet'",
    ],
    [
      'unknown objective',
      { ...server, objective: 'quadratics' },
      "objective.name: expected the name of an objective, got 'quadratics'; nearest is 'quadratic'",
    ],
    [
      'unknown topology',
      { ...peers, topology: 'rings' },
      "topology.name: expected the name of a topology, got 'rings'; nearest is 'ring'",
    ],
    [
      'unknown codec',
      { ...server, codecs: { update: 'topk' } },
      "codecs.update.codec.name: expected the name of a codec, got 'topk'; nearest is 'top-k'",
    ],
    [
      'unknown memory',
      { ...server, codecs: { update: { codec: 'top-k', memory: 'error-fedback' } } },
      "codecs.update.memory.name: expected the name of a memory, got 'error-fedback'; nearest is 'error-feedback'",
    ],
    [
      'unknown expectation',
      { ...server, expect: ['reach'] },
      "expect.0.name: expected the name of an expectation, got 'reach'; nearest is 'reaches'",
    ],
    [
      'unknown fault',
      { ...server, faults: [{ fault: 'dorp' }] },
      "faults.0.fault: expected the name of a fault, got 'dorp'; nearest is 'drop'",
    ],
    [
      'unknown hyperparameter',
      method({ localEpoch: 2 }),
      "method.localEpoch: expected the name of a setting, got 'localEpoch'; nearest is 'localEpochs'",
    ],
    [
      'unknown nested hyperparameter',
      method({ clipping: { adaptive: { quantil: 1 } } }),
      "method.clipping.adaptive.quantil: expected the name of a setting, got 'quantil'; nearest is 'quantile'",
    ],
    ['a key of the prototype', method({ constructor: 2 }), 'method.constructor: expected the name of a setting'],
    [
      'a number in quotes',
      method({ localEpochs: '2' }),
      "method.localEpochs: expected an integer of at least 1, got '2'",
    ],
    ['a number for a flag', method({ nesterov: 1 }), 'method.nesterov: expected true or false, got 1'],
    [
      'a flag where the default is null',
      method({ batchSize: true }),
      'method.batchSize: expected an integer of at least 1 or null, got true',
    ],
    [
      'no list',
      method({ layers: 16 }),
      'method.layers: expected an array, each entry an integer of at least 1, got 16',
    ],
    [
      'a wrong entry of a list',
      method({ layers: [16, 'x'] }),
      "method.layers.1: expected an integer of at least 1, got 'x'",
    ],
    [
      'a spec without name',
      method({ optimizer: { rate: 1 } }),
      'method.optimizer: expected the name of an optimizer, or an object with a name and settings, got {"rate":1}',
    ],
    [
      'no object where settings are',
      method({ clipping: 3 }),
      'method.clipping: expected an object with radius, adaptive, got 3',
    ],
    [
      'a number out of its range',
      method({ clientLearningRate: -1 }),
      'method.clientLearningRate: expected a number above 0',
    ],
    ['NaN', method({ clientLearningRate: Number.NaN }), 'method.clientLearningRate: expected a finite number, got NaN'],
    [
      'a function',
      { ...server, description: () => 'x' },
      'description: expected plain JSON data (null, boolean, number, string, array, object), got a function',
    ],
    [
      'a typed array',
      method({ layers: new Float32Array(2) }),
      'method.layers: expected plain JSON data (null, boolean, number, string, array, object), got a Float32Array',
    ],
    ['a fractional seed', { ...server, seed: 1.5 }, 'seed: expected an integer of at least 0, got 1.5'],
    ['a negative seed', { ...server, seed: -1 }, 'seed: expected an integer of at least 0, got -1'],
    ['no rounds', { ...server, rounds: 0 }, 'rounds: expected an integer of at least 1, got 0'],
    ['a wrong word', { ...server, clock: 'real' }, "clock: expected one of 'virtual', 'wall', got 'real'"],
    ['a name that is no folder', { ...server, name: '../x' }, "name: expected letters, digits, '-', '_' and '.'"],
    [
      'a fraction above 1',
      { ...server, participation: { quorum: { fraction: 1.5 } } },
      'participation.quorum.fraction: expected a number in (0, 1], got 1.5',
    ],
    [
      'a bare quorum',
      { ...server, participation: { quorum: 3 } },
      'participation.quorum: expected { count: an integer of at least 1 } or { fraction: a number in (0, 1] } or null, got 3',
    ],
    ['delta 1', { ...server, privacy: { delta: 1 } }, 'privacy.delta: expected a number in (0, 1), got 1'],
    [
      'probability 2',
      { ...server, faults: [always(drop({ probability: 2 }))] },
      'faults.0.probability: expected a number in [0, 1], got 2',
    ],
    [
      'a fault without its size',
      { ...server, faults: [{ fault: 'channel-noise' }] },
      'faults.0.stddev: expected a number of at least 0, got nothing',
    ],
    [
      'an unknown key of a fault',
      { ...server, faults: [{ fault: 'drop', probabilty: 1 }] },
      "faults.0.probabilty: expected the name of a setting, got 'probabilty'; nearest is 'probability'",
    ],
    [
      'an unknown key of a fault',
      { ...server, faults: [{ fault: 'scale', factr: 1, factor: 1 }] },
      "faults.0.factr: expected the name of a setting, got 'factr'; nearest is 'factor'",
    ],
    [
      'an unknown scope',
      { ...server, codecs: { update: { codec: 'top-k', scope: 'layer' } } },
      "codecs.update.scope: expected one of 'vector', 'tensor', got 'layer'",
    ],
    [
      'a cohort above the clients',
      { ...server, clients: 4, participation: { cohort: 5 } },
      'participation.cohort: expected at most clients = 4, got 5',
    ],
    [
      'a cohort of some for clients that wait for their peers',
      { ...peers, clients: 6, participation: { cohort: 4 } },
      "participation.cohort: expected 'all', since the clients of 'gradient-tracking' send 'iterate' to their peers and wait for " +
        'every neighbour (for peers that are absent: faults, or a topology of fewer links a round), got 4',
    ],
    [
      'a cohort of all by its number for clients that wait for their peers',
      { ...peers, clients: 6, participation: { cohort: 6 } },
      'no problem',
    ],
    [
      'a quorum above the cohort',
      { ...server, participation: { cohort: 5, quorum: { count: 6 } } },
      'participation.quorum.count: expected at most the cohort of 5, got 6',
    ],
    [
      'a quorum above all clients',
      { ...server, clients: 4, participation: { quorum: { count: 5 } } },
      'participation.quorum.count: expected at most the cohort of 4, got 5',
    ],
    [
      'a codec on an unknown kind',
      { ...server, codecs: { updates: 'top-k' } },
      "codecs.updates: expected the name of a kind of messages, got 'updates'; nearest is 'update'",
    ],
    [
      'a codec on a kind without vectors',
      { ...server, codecs: { count: 'top-k' } },
      'codecs.count: expected the name of a kind of messages',
    ],
    [
      'a lossy codec where none is allowed',
      { ...server, codecs: { model: 'top-k' } },
      "codecs.model.codec: expected a lossless codec, since message 'model' accepts no other, got 'top-k', which is contractive",
    ],
    [
      'a biased codec where it must be unbiased',
      { ...server, codecs: { masked: 'top-k' } },
      "codecs.masked.codec: expected a lossless or unbiased codec, since message 'masked' accepts no other, got 'top-k', which is contractive",
    ],
    [
      'a memory that the codec would make diverge',
      { ...server, codecs: { update: { codec: 'stochastic-quantization', memory: 'error-feedback' } } },
      "codecs.update.codec: expected a contractive codec, which 'error-feedback' needs, got 'stochastic-quantization', which is unbiased",
    ],
    [
      "a codec's own check",
      { ...server, codecs: { update: { name: 'stochastic-quantization', bits: 0 } } },
      'codecs.update.codec: bits: expected at least 1, got 0',
    ],
    [
      'a second memory',
      { ...server, codecs: { kept: { codec: 'top-k', memory: 'error-feedback' } } },
      "codecs.kept.memory: expected null, since 'fedavg' keeps what compression leaves out, got 'error-feedback'",
    ],
    [
      'peers without topology',
      { ...peers, topology: null },
      "topology: expected a topology, since the clients of 'gradient-tracking' send each other 'iterate', got null",
    ],
    [
      'a topology without peers',
      { ...server, topology: 'ring' },
      'topology: expected null, since the clients of \'fedavg\' send each other nothing, got {"name":"ring"',
    ],
    [
      'a device of a client that is not there',
      { ...server, devices: [{ clients: [10] }] },
      'devices.0.clients.0: expected a client index below clients = 10, got 10',
    ],
    [
      'a link of a client that is not there',
      { ...server, links: [{ from: [3, 11] }] },
      'links.0.from.1: expected a client index below clients = 10, got 11',
    ],
    [
      'a link of an unknown kind',
      { ...server, links: [{ kind: 'updat' }] },
      "links.0.kind: expected the name of a kind of the method, got 'updat'; nearest is 'update'",
    ],
    [
      'a fault of an unknown kind',
      { ...server, faults: [always(drop({ kind: 'updat', probability: 1 }))] },
      "faults.0.kind: expected the name of a kind of the method, got 'updat'",
    ],
    [
      'a fault of a client that is not there',
      { ...server, faults: [always(crash({ client: 10 }))] },
      'faults.0.clients.0: expected a client index below clients = 10, got 10',
    ],
    [
      'a fault that ends before it begins',
      { ...server, faults: [during(8, 8, crash({ clients: 'all' }))] },
      'faults.0.until: expected a round after from = 8, got 8',
    ],
    [
      'noise whose variance would be infinite',
      { ...server, faults: [always(channelNoise({ stddev: 1, distribution: 'student-t', degreesOfFreedom: 2 }))] },
      'faults.0.degreesOfFreedom: expected a number above 2, got 2',
    ],
    [
      'receivers of a quantiser that is the same for all',
      { ...server, faults: [always(probabilisticQuantiser({ step: 0.5, receivers: [1] }))] },
      "faults.0.receivers: expected 'all', since with per: 'post' all receivers hold the same, got [1]",
    ],
    [
      'receivers of broadcast noise',
      { ...server, faults: [{ fault: 'broadcast-noise', stddev: 1, receivers: [1] }] },
      'faults.0.receivers: ',
    ],
    [
      'a chain without its probabilities',
      { ...server, faults: [{ fault: 'availability', onToOff: 0.1 }] },
      'faults.0.offToOn: expected a number in [0, 1]',
    ],
    [
      'a client that is slow by nothing',
      { ...server, faults: [always(slow({ clients: [1], factor: 0 }))] },
      'faults.0.factor: expected a number in (0, 1000000000], got 0',
    ],
    [
      'groups that overlap',
      { ...server, faults: [always(partition([0, 1], [1, 2]))] },
      'faults.0.groups: expected groups without a common party, got [[0,1],[1,2]]',
    ],
    [
      'one group',
      { ...server, faults: [always(partition([0, 1]))] },
      "faults.0.groups: expected an array of at least 2, each entry an array of at least 1, each entry 'coordinator' or a client index, got [[0,1]]",
    ],
    [
      'the same client twice',
      { ...server, devices: [{ clients: [1, 1] }] },
      "devices.0.clients: expected 'all' or an array of client indices without repetition, got [1,1]",
    ],
    [
      'an expectation without a bound',
      { ...server, expect: [{ name: 'slope', of: 'loss' }] },
      'expect.0: expected at least one of least and most, got {"of":"loss"}',
    ],
    [
      'reaches without a target',
      { ...server, expect: [{ name: 'reaches', byRound: 3 }] },
      'expect.0: expected one of loss, accuracy, below and above, got {"byRound":3}',
    ],
  ];
  for (const [claim, input, problem] of cases) {
    it(claim, async () => {
      expect(await problemsOf(input)).to.include(problem);
    });
  }

  it('reports all problems at once, a line each', async () => {
    const message = await problemsOf({
      ...server,
      method: { name: 'fedavg', localEpoch: 2, nesterov: 'yes' },
      seed: 0.5,
      data: { name: 'mnist', partition: { name: 'dirichlet', alpha: '1' } },
      codecs: { update: 'topk', updates: 'top-k' },
      expect: ['reach'],
    });
    expect(message).to.match(/^ERR_SCENARIO: scenario 'tiny': 7 problems\n/);
    expect(message.split('\n')).to.have.lengthOf(8);
    for (const path of [
      'seed',
      'method.nesterov',
      'method.localEpoch',
      'data.partition.alpha',
      'codecs.update.codec.name',
      'codecs.updates',
      'expect.0.name',
    ])
      expect(message).to.include(`\n  ${path}: `);
  });

  it('reports all that does not fit together at once', async () => {
    const message = await problemsOf({
      ...server,
      topology: 'ring',
      clients: 2,
      participation: { cohort: 3, quorum: { count: 4 } },
    });
    expect(message).to.include('3 problems');
  });
});
