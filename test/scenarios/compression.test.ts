import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import type { Codec } from '../../protocol/codecs/codec.js';
import topK from '../../protocol/codecs/top-k.js';
import type { ScenarioInput } from '../../protocol/scenario/input.js';
import { SocketWorkers } from '../../scenarios/check/parts/socket-workers.js';
import { type RemoteFleet, remoteFleet } from '../../scenarios/run/remote-fleet.js';
import type { SessionOptions } from '../../scenarios/run/session-options.js';
import { resolved, runInput, WITH_REPORT } from '../support/scripted-run.js';

const CLIENTS = 4;
const ROUNDS = 6;
const LENGTH = 1000;

const base: ScenarioInput = {
  name: 'compressed',
  method: { name: 'sgd', batchSize: 1, optimizer: { name: 'sgd', learningRate: 0.01 } },
  objective: { name: 'quadratic', dimension: LENGTH, examples: 20, exampleSpread: 1 },
  data: 'none',
  clients: CLIENTS,
  rounds: ROUNDS,
  seed: 3,
};

function overSockets(input: ScenarioInput, look: (fleet: RemoteFleet) => void = () => {}) {
  const fleet: NonNullable<SessionOptions['fleet']> = async (scenario, method, problem, options) => {
    const remote = await remoteFleet(scenario, method, problem, options, new SocketWorkers());
    return {
      ...remote,
      close: async () => {
        look(remote);
        await remote.close();
      },
    };
  };
  return runInput({ ...input, workers: { count: 2 } }, { fleet });
}

async function refusal(input: ScenarioInput): Promise<string> {
  return resolved(input).then(
    () => expect.fail('expected an error'),
    (error: Error) => error.message,
  );
}

describe('codecs of a scenario', function () {
  this.timeout(20_000);

  it('payload bytes are the formula: int8 of 1000 numbers in blocks of 256 is 1000 + 4 * 4 bytes, up and down', async () => {
    const { record } = await runInput({ ...base, codecs: { gradient: 'int8-linear', model: 'int8-linear' } });
    for (const { extra } of record.rows) {
      expect(extra.payloadBytesUp).to.equal(CLIENTS * (LENGTH + 16));
      expect(extra.payloadBytesDown).to.equal(CLIENTS * (LENGTH + 16));
      expect(extra.rawBytesUp).to.equal(CLIENTS * 4 * LENGTH);
      expect(extra.encodeMsUp).to.be.above(0);
      expect(extra.decodeMsUp).to.be.above(0);
    }
  });

  it('the relative error is that of the codec: top-k of one entry in 1000 leaves out more than 0.9 of the norm; identity nothing', async () => {
    const sparse = await runInput({ ...base, codecs: { gradient: { name: 'top-k', count: 1 } } }, WITH_REPORT);
    const fine = await runInput({ ...base, codecs: { gradient: 'fp16' } });
    for (const { extra } of sparse.record.rows) expect(extra.compressionErrorUp).to.be.within(0.9, 1);
    // fp16 rounds to 11 bits: at most 2^-11 of each entry, about 2^-12.
    for (const { extra } of fine.record.rows) expect(extra.compressionErrorUp).to.be.within(2 ** -13, 2 ** -11);
    expect(readFileSync(join(sparse.path, 'report.html'), 'utf8')).to.include('Compression');
  });

  it('over sockets: equal bits, the same wire bytes, and downlink bytes at the socket are those predicted in one process', async () => {
    const input: ScenarioInput = {
      ...base,
      codecs: {
        gradient: { codec: { name: 'top-k', fraction: 0.02, values: { name: 'bf16' } }, memory: 'error-feedback' },
        model: { name: 'bf16' },
      },
    };
    const alone = await runInput(input);
    let measured = 0;
    const remote = await overSockets(input, ({ server }) => {
      measured = server.router.sentFrameBytes;
    });
    expect(remote.outcome.stateDigest).to.equal(alone.outcome.stateDigest);
    const bytes = ({ record }: typeof alone) =>
      record.rows.map((r) => [r.bytesUp, r.bytesDown, r.extra.payloadBytesUp]);
    expect(bytes(remote)).to.deep.equal(bytes(alone));
    // 4 bytes of websocket framing a frame of this size.
    expect(alone.outcome.summary.bytesDown).to.equal(measured + 4 * CLIENTS * ROUNDS);
  });

  it('an adaptive level gets coarse where batches are noisy and stays fine where they are not; over sockets with equal bits', async () => {
    const ladder = [64, 16, 4, 1].map((levels) => ({ name: 'qsgd', levels }));
    const input: ScenarioInput = {
      ...base,
      rounds: 12,
      codecs: { gradient: { name: 'adaptive', ladder, share: 2, everyRounds: 2 } },
    };
    const noisy = await runInput(input);
    const exact = await runInput({ ...input, objective: { name: 'quadratic', dimension: LENGTH } });
    const levels = ({ record }: typeof noisy) => record.rows.map(({ extra }) => extra['codecLevel.gradient'] ?? null);
    expect(levels(noisy).slice(0, 2)).to.deep.equal([null, 1]);
    expect(Math.max(...levels(noisy).map((level) => level ?? 0))).to.be.at.least(2);
    // Whole gradients have no sampling variance: nothing coarser than the finest is ever within a share of it.
    expect(levels(exact).filter((level) => level !== null)).to.deep.equal([0, 0, 0, 0, 0, 0]);
    expect((await overSockets(input)).outcome.stateDigest).to.equal(noisy.outcome.stateDigest);
  });

  it('a body that its codec cannot have written: over sockets the frame is absent as rejected, and the round continues', async () => {
    const { create } = topK;
    const damaged = new WeakSet<Uint8Array>();
    let encoded = 0;
    // The sender's own decoder is spared, so that it is the receiver who finds out.
    (topK as { create: typeof create }).create = (settings): Codec => {
      const codec = create(settings);
      return {
        ...codec,
        encode(value, rng) {
          const body = codec.encode(value, rng);
          if (++encoded !== 5) return body;
          const cut = body.slice(0, 3);
          damaged.add(cut);
          return cut;
        },
        decode: (body, length, precision, into) =>
          damaged.has(body) ? new Float32Array(length) : codec.decode(body, length, precision, into),
      };
    };
    try {
      const run = await overSockets({ ...base, codecs: { gradient: { name: 'top-k', count: 10 } } });
      const lines = readFileSync(join(run.path, 'deliveries.jsonl'), 'utf8').trim().split('\n');
      const absences = lines.flatMap((line) => (JSON.parse(line) as { absences: { why: string }[] }).absences);
      expect(absences.map(({ why }) => why)).to.deep.equal(['rejected']);
      expect(run.record.rows.length).to.equal(ROUNDS);
    } finally {
      (topK as { create: typeof create }).create = create;
    }
  });

  const EF = 'error-feedback';
  const refused: readonly [claim: string, input: Partial<ScenarioInput>, problem: RegExp][] = [
    [
      'a lossy codec on a kind that allows none',
      { method: 'scaffold', codecs: { model: 'bf16' } },
      /codecs\.model\.codec: expected a lossless codec, since message 'model' accepts no other, got 'bf16', which is contractive/,
    ],
    [
      'a codec that promises nothing on a kind that allows no lossy one',
      { method: 'scaffold', codecs: { model: { name: 'terngrad', clip: 2.5 } } },
      /codecs\.model\.codec: expected a lossless codec, .*, got 'terngrad', which is neither lossless, unbiased nor contractive/,
    ],
    [
      'a memory on a kind that allows nothing lossy',
      { method: 'scaffold', codecs: { model: { codec: 'identity', memory: EF } } },
      /codecs\.model\.memory: expected null, since 'model' allows no lossy codec/,
    ],
    [
      'a contractive codec on a kind that must be unbiased',
      { method: 'diana', codecs: { difference: { name: 'top-k' } } },
      /codecs\.difference\.codec: expected a lossless or unbiased codec/,
    ],
    [
      'a memory where the method keeps its own',
      { method: 'ef21', codecs: { correction: { codec: 'top-k', memory: EF } } },
      /codecs\.correction\.memory: expected null, since 'ef21' keeps what compression leaves out/,
    ],
    [
      'error feedback on an unbiased codec whose error expands',
      { codecs: { gradient: { codec: { name: 'random-k', fraction: 0.1 }, memory: EF } } },
      /codecs\.gradient\.codec: expected a contractive or absolute codec, which 'error-feedback' needs, got 'random-k', which is unbiased/,
    ],
    [
      'EF21 on what not every client receives',
      { codecs: { model: { codec: 'bf16', memory: 'ef21' } }, participation: { cohort: 2 } },
      /codecs\.model\.memory: expected a memory without copies at the receivers, since not every client takes part in every round/,
    ],
    [
      'EF21 downlink where frames are lost',
      { codecs: { model: { codec: 'bf16', memory: 'ef21' } }, faults: [{ fault: 'drop', probability: 0.1 }] },
      /receivers miss messages under the fault 'drop'/,
    ],
    [
      'an adaptive level for what the coordinator sends',
      { codecs: { model: 'adaptive' } },
      /codecs\.model\.codec: expected a codec of one level/,
    ],
    [
      'an adaptive ladder without codecs',
      { codecs: { gradient: { name: 'adaptive', ladder: [] } } },
      /codecs.gradient.codec.ladder: expected an array of at least 1, .*, got \[\]/,
    ],
  ];
  for (const [claim, input, problem] of refused)
    it(`refused: ${claim}`, async () => {
      expect(await refusal({ ...base, ...input })).to.match(problem);
    });

  it('an unbiased codec with omega < 1 passes under error feedback', async () => {
    await resolved({ ...base, codecs: { gradient: { codec: 'natural', memory: EF } } });
  });
});
