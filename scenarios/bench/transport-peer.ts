import { once } from 'node:events';
import { connect } from 'node:net';
import { type PeerTask, RAW_BLOCK_BYTES, readRaw, writeRaw } from './raw-socket.js';
import { TransportEnd } from './transport-ends.js';

/** The other process of the transport benchmark: sends or receives as instructed, and reports when it has received all. */
async function serve(url: string, token: string, rawPort: number): Promise<void> {
  const raw = connect({ port: rawPort, host: '127.0.0.1', noDelay: true });
  await once(raw, 'connect');
  raw.pause();
  const end = await TransportEnd.worker(url, token, () => process.exit(1));
  const block = Buffer.alloc(RAW_BLOCK_BYTES, 1);
  process.on('message', async ({ over, direction, length, count, round }: PeerTask) => {
    const bytes = 4 * length * count;
    if (over === 'tcp') await (direction === 'down' ? readRaw(raw, bytes) : writeRaw(raw, block, bytes));
    else if (direction === 'down') await end.take(count, round);
    else end.post(new Float32Array(length).fill(1), count, round);
    process.send?.('done');
  });
  process.once('disconnect', () => process.exit(0));
  process.send?.('ready');
}

const [url, token, rawPort] = process.argv.slice(2);
await serve(url!, token!, Number(rawPort));
