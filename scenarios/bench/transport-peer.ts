import { once } from 'node:events';
import { connectRaw, type PeerTask, RAW_BLOCK_BYTES, readRaw, writeRaw } from './raw-socket.js';
import { TransportEnd } from './transport-ends.js';

/** The other process of the transport benchmark: sends or receives as instructed, and reports when it has received all. */
async function serve(url: string, token: string, rawAt: string, localLink: string | null): Promise<void> {
  const raw = connectRaw(rawAt);
  await once(raw, 'connect');
  raw.pause();
  const end = await TransportEnd.worker(url, localLink, token, () => process.exit(1));
  const block = Buffer.alloc(RAW_BLOCK_BYTES, 1);
  let values = new Float32Array(0);
  process.on('message', async ({ over, direction, length, count, round }: PeerTask) => {
    const bytes = 4 * length * count;
    if (over === 'vector') values = length === values.length ? values : new Float32Array(length).fill(1);
    else if (over === 'raw') await (direction === 'down' ? readRaw(raw, bytes) : writeRaw(raw, block, bytes));
    else if (direction === 'down') await end.take(count, round);
    else end.post(values, count, round);
    process.send?.('done');
  });
  process.once('disconnect', () => process.exit(0));
  process.send?.('ready');
}

const [url, token, rawAt, localLink] = process.argv.slice(2);
await serve(url!, token!, rawAt!, localLink ?? null);
