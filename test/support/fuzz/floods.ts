import { crc32 } from 'node:zlib';
import type { Done } from '../../../protocol/wire/control-messages.js';
import { MESSAGE_TYPE } from '../../../protocol/wire/frame.js';
import { LIMITS } from '../../../protocol/wire/limits.js';
import { pack } from '../../../protocol/wire/packing.js';
import { frameBytes } from '../hostile-member.js';
import type { Reach } from './turning-member.js';

const own = ({ assign }: Reach): number => assign!.clients[0]!;

function packedFrame(message: unknown): Uint8Array {
  const body = pack(message);
  const bytes = frameBytes({ from: 0, to: 0, count: 0 }, body, crc32(body));
  bytes[0] = MESSAGE_TYPE.packed;
  return bytes;
}

/** Valid, and of no use. */
function longReport(party: number): Done {
  const kind = 'k'.repeat(LIMITS.packedStringBytes);
  const bytes = { raw: 0, payload: 0, wire: 0 };
  const cost = { encodeMs: 0, decodeMs: 0, squaredError: 0, squaredNorm: 0 };
  return {
    epoch: 0,
    generation: 0,
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
        coding: { up: cost, down: cost, peer: cost },
      },
    ],
    absences: new Array(60).fill({ round: 0, kind, step: 0, from: party, to: party, why: 'late' }),
    bytes: { up: bytes, down: bytes, peer: bytes },
    tensorCounts: [],
    firings: [],
  };
}

/** What took gigabytes once, or might. Each from a member in a round, which loses its seat. */
export const FLOODS: Readonly<Record<string, (reach: Reach) => void>> = {
  '60 MB of empty arrays in one report': ({ member }) => {
    const arrays = new Uint8Array(60 << 20).fill(0x90);
    arrays.set([0xdd, 0x03, 0xbf, 0xff, 0xfb]);
    member.emit('done', arrays);
  },
  '4 MB of empty arrays in a text packet': ({ member }) => member.text(`42["done",[${'[],'.repeat(1_390_000)}[]]]`),
  'nesting without end in a text packet': ({ member }) =>
    member.text(`42["done",${'['.repeat(2_000_000)}${']'.repeat(2_000_000)}]`),
  '100 reports of 4 MB of an epoch that is over': (reach) => {
    const report = pack(longReport(own(reach)));
    for (let i = 0; i < 100; i++) reach.member.emit('done', report);
  },
  'as much nesting as a report may be': ({ member }) => member.emit('done', new Uint8Array(4 << 20).fill(0x91)),
  '1,000 frames of 1 MiB for rounds to come': (reach) => {
    const body = new Uint8Array(1 << 20);
    const checksum = crc32(body);
    for (let round = 1; round <= 1000; round++)
      reach.frames!.send(frameBytes({ from: own(reach), round, count: 0 }, body, checksum));
  },
  '100,000 empty frames for steps without end': (reach) => {
    for (let step = 0; step < 100_000; step++)
      reach.frames!.send(frameBytes({ from: own(reach), step, count: 0 }, new Uint8Array(0), 0));
  },
  '400 seals to 100,000 receivers': (reach) => {
    const to = new Array(100_000).fill('coordinator');
    for (let round = 1; round <= 400; round++)
      reach.frames!.send(
        packedFrame({ type: 'seals', seals: [{ round, attempt: 0, from: own(reach), counts: [1], to }] }),
      );
  },
  '200 messages of 5,400 seals': (reach) => {
    for (let at = 0; at < 200; at++) {
      const seal = (index: number) => ({
        round: 1 + at,
        attempt: index,
        from: own(reach),
        counts: [1],
        to: [0, 1, 2, 3],
      });
      reach.frames!.send(
        packedFrame({ type: 'seals', seals: Array.from({ length: 5400 }, (_, index) => seal(index)) }),
      );
    }
  },
  '20,000 answers that were not asked for, and bodies that are announced and never sent': (reach) => {
    const answer = packedFrame({ type: 'collected', request: 1, client: own(reach), data: new Uint8Array(4096) });
    for (let i = 0; i < 20_000; i++) reach.frames!.send(answer);
    for (let stream = 1; stream <= 500; stream++) {
      const header = frameBytes({ from: own(reach), bytes: 4 << 20 }, new Uint8Array(0), 0);
      new DataView(header.buffer).setUint32(44, stream, true);
      reach.frames!.send(header);
    }
  },
};
