import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { crc32 } from 'node:zlib';
import { expect } from 'chai';
import type { ScenarioInput } from '../../../protocol/scenario/input.js';
import { LIMITS } from '../../../protocol/wire/limits.js';
import { pack } from '../../../protocol/wire/packing.js';
import { SocketWorkers } from '../../../scenarios/check/parts/socket-workers.js';
import type { WorkerLauncher } from '../../../scenarios/run/worker-launcher.js';
import { frameBytes, HostileMember, type Seat } from '../../support/hostile-member.js';
import { socketRun } from '../../support/socket-run.js';

/** Two models of it are more than fits into the buffers of a socket. */
const LARGE = 1_200_000;

const averaging: ScenarioInput = {
  name: 'with-a-hostile-member',
  method: { name: 'sgd' },
  objective: { name: 'quadratic', dimension: 3 },
  data: 'none',
  clients: 4,
  rounds: 30,
  seed: 4,
  precision: 'float64',
  checkpoints: { everyRounds: null },
  workers: { onLoss: 'absent', joinTimeoutMs: 10_000 },
};

/** One honest worker and one that does this at the first round. */
function runWith(begun: (seat: Seat) => void, input = averaging, parameterCount = 3) {
  const honest = new SocketWorkers();
  const hostile = new HostileMember(begun, parameterCount);
  const workers: WorkerLauncher = {
    start: (_count, url, device, token) => {
      hostile.start(1, url, device, token);
      honest.start(1, url, device, token);
    },
    stop: async () => {
      await hostile.stop();
      await honest.stop();
    },
  };
  return socketRun(input, 2, { workers });
}

const body = (text: string): Uint8Array => Uint8Array.from(Buffer.from(text, 'hex'));
const own = ({ assign }: Seat): number => assign.clients[0]!;
const reportOf = (party: unknown, more: object = {}) => ({
  epoch: 1,
  generation: 1,
  index: 0,
  attempt: 0,
  parties: [
    {
      party,
      clockMs: 0,
      measures: [],
      unusedMessages: [],
      unused: [],
      ledger: [],
      coding: Object.fromEntries(
        ['up', 'down', 'peer'].map((way) => [way, { encodeMs: 0, decodeMs: 0, squaredError: 0, squaredNorm: 0 }]),
      ),
      ...more,
    },
  ],
  absences: [],
  bytes: Object.fromEntries(['up', 'down', 'peer'].map((way) => [way, { raw: 0, payload: 0, wire: 0 }])),
  tensorCounts: [0],
  firings: [],
});

function sealBytes(seal: object): Uint8Array {
  const seals = pack({ type: 'seals', seals: [{ round: 0, attempt: 0, counts: [1], ...seal }] });
  const message = frameBytes({ bytes: seals.byteLength }, seals, crc32(seals));
  message[0] = 3;
  return message;
}

const BREACHES: Readonly<Record<string, (seat: Seat) => void>> = {
  'a second hello': ({ control }) => control.emit('hello', pack({ version: 1 }), () => {}),
  'a hello without an acknowledgement': ({ control }) => control.emit('hello'),
  'reports with other types': ({ control }) => control.emit('done', 5),
  'reports bytes that are no msgpack': ({ control }) => control.emit('done', body('c1')),
  'reports a message of millions of values': ({ control }) => control.emit('done', new Uint8Array(3 << 20).fill(0x91)),
  'reports for a client of the other worker': (seat) => seat.control.emit('done', pack(reportOf((own(seat) + 1) % 4))),
  'reports for the coordinator': ({ control }) => control.emit('done', pack(reportOf('coordinator'))),
  'reports a release that is none': (seat) =>
    seat.control.emit('done', pack(reportOf(own(seat), { ledger: [{ party: own(seat), noiseMultiplier: 'x' }] }))),
  'fails with a code that is none': ({ control }) =>
    control.emit('failed', pack({ epoch: 1, generation: 1, index: 0, attempt: 0, code: 5 })),
  'sends more than a report can be': ({ control }) =>
    control.emit('done', new Uint8Array(LIMITS.controlBytes + 10_000)),
  'sends an event that no worker sends': ({ control }) => control.emit('begin', pack({})),
  'sends nesting without end as text': ({ control }) =>
    control.io.engine.write(`2["done",${'['.repeat(500_000)}${']'.repeat(500_000)}]`),
  'sends an event without a name': ({ control }) => control.io.engine.write('2'),
  'sends an event with nothing but an acknowledgement': ({ control }) => control.io.engine.write('27'),
  'sends an event whose name is a number': ({ control }) => control.io.engine.write('2[5]'),
  'sends the event error': ({ control }) => control.io.engine.write('2["error","x"]'),
  'announces a second binary message': ({ control }) =>
    control.io.engine.write('52-["done",{"_placeholder":true,"num":0},{"_placeholder":true,"num":1}]'),
  'asks for a namespace': ({ control }) => control.io.engine.write('0/x,'),
  'connects a second time': ({ control }) => control.io.engine.write('0'),
  'sends a message in fragments without end': ({ frames }) => {
    for (let i = 0; i < 20_000; i++) frames.send(new Uint8Array(1), { fin: false });
  },
  'sends a frame as text': (seat) =>
    seat.frames.send(frameBytes({ from: own(seat), count: 0 }, new Uint8Array(0), 0), { binary: false }),
  'seals parties that the run does not have': (seat) =>
    seat.frames.send(sealBytes({ from: own(seat), to: [0, 1, 2, 3, 4, 5] })),
  'sends bytes that are no frame': ({ frames }) => frames.send(body('00ff')),
  'sends text': ({ frames }) => frames.send('text'),
  'sends a frame of a client that it does not host': (seat) =>
    seat.frames.send(frameBytes({ from: (own(seat) + 1) % 4 }, new Uint8Array(8), 0)),
  'announces a body that no model needs': (seat) =>
    seat.frames.send(frameBytes({ from: own(seat), bytes: 0xffffffff }, new Uint8Array(8), 0)),
  'sends seals that are none': ({ frames }) => frames.send(sealBytes({ from: 'x' })),
  'closes its frame socket': ({ frames }) => frames.terminate(),
  'sends frames for rounds far ahead': (seat) => {
    const vector = new Uint8Array(32 + 24);
    for (let round = 1; round < 60_000; round++)
      seat.frames.send(
        frameBytes({ from: own(seat), round, count: 0 }, new Uint8Array(0), crc32(vector.subarray(0, 0))),
      );
  },
  'sends frames for steps without end': (seat) => {
    for (let step = 0; step < 60_000; step++)
      seat.frames.send(frameBytes({ from: own(seat), step, count: 0 }, new Uint8Array(0), 0));
  },
};

describe('a member that breaks the protocol', function () {
  this.timeout(60_000);

  for (const [what, breach] of Object.entries(BREACHES))
    it(`${what}: it loses its seat, the run continues with the others and ends`, async () => {
      const { record, path } = await runWith(breach);
      expect(readFileSync(join(path, 'session.jsonl'), 'utf8')).to.match(/"event":"lost"/);
      expect(record.rows.at(-1)!.round).to.equal(30);
      expect(record.rows.at(-1)!.loss).to.be.a('number');
    });

  it('reads its frames no more, though it answers on its control connection: it loses its seat, never the run', async function () {
    this.timeout(180_000);
    const large: ScenarioInput = {
      ...averaging,
      objective: { name: 'quadratic', dimension: LARGE },
      rounds: 3,
      workers: { ...averaging.workers, stallMs: 6000 },
    };
    const { record, path } = await runWith(({ frames }) => frames.pause(), large, LARGE);
    expect(readFileSync(join(path, 'session.jsonl'), 'utf8')).to.include('it does not read what it is sent');
    expect(record.rows.at(-1)!.round).to.equal(3);
  });
});
