import { crc32 } from 'node:zlib';
import { MESSAGE_TYPE } from '../../../protocol/wire/frame.js';
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

/** What took gigabytes once, or might. Each from a member in a round, which loses its seat. */
export const FLOODS: Readonly<Record<string, (reach: Reach) => void>> = {
  '60 MB of empty arrays in one report': ({ member }) => {
    const arrays = new Uint8Array(60 << 20).fill(0x90);
    arrays.set([0xdd, 0x03, 0xbf, 0xff, 0xfb]);
    member.emit('done', arrays);
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
