import { loadCodec } from '../../protocol/codecs/registry.js';
import type { Precision, Vector } from '../../protocol/method.js';
import { rootStream } from '../../protocol/numerics/random.js';
import { type PublicKeys, SecureSumClient, SecureSumServer } from '../../protocol/privacy/secure-sum/secure-sum.js';
import { systemSecrets } from '../../worker/secrets.js';
import type { PeerRecord } from './peer-record.js';

const rng = rootStream(33, 'float64');

async function threshold(precision: Precision): Promise<PeerRecord> {
  const cases = [];
  for (let k = 0; k < 120; k++) {
    const stream = rootStream(33, precision).derive('threshold', precision, k);
    const length = [0, 1, 2, 7, 64, 300, 1000][k % 7]!;
    const value = stream.normal(length);
    // Entries that are equal to the threshold, of either sign, and exact zeros.
    const absolute = k % 5 === 0 ? 0 : Math.abs(value[0] ?? 1) * (k % 3 === 0 ? 1 : 0.3 * (k % 11));
    for (let i = 3; i < length; i += 17) value[i] = i % 2 === 0 ? 0 : -absolute;
    const codec = await loadCodec({ name: 'threshold', absolute } as never);
    const body = codec.encode(value as Vector, stream.derive('coins'));
    const decoded = codec.decode(body, length, precision);
    cases.push({ value: [...value], absolute, body: [...body], decoded: [...decoded] });
  }
  return {
    item: `threshold codec, ${precision}: bytes and numbers of 120 vectors`,
    by: 'threshold',
    limit: 0,
    unit: 'cases',
    precision,
    cases,
  };
}

/** A round with real keys; clients in `silent` drop out after the keys. */
async function sumOf(
  ids: readonly number[],
  silent: readonly number[],
  bits: number,
  values: ReadonlyMap<number, Uint32Array>,
) {
  const settings = { context: 'peers', bits, threshold: 2, secrets: systemSecrets };
  const clients = new Map<number, SecureSumClient>();
  for (const id of ids) clients.set(id, await SecureSumClient.begin(id, settings));
  const roster: PublicKeys[] = [...clients.values()].map(({ publicKeys }) => publicKeys);
  const sealed = new Map<number, ReadonlyMap<number, Uint8Array>>();
  for (const [id, client] of clients) sealed.set(id, await client.sealedShares(roster));
  const server = new SecureSumServer(roster, settings);
  for (const [id, client] of clients) {
    const received = new Map([...sealed].filter(([from]) => from !== id).map(([from, all]) => [from, all.get(id)!]));
    const sent = await client.masked(values.get(id)!, received);
    if (!silent.includes(id)) server.add(id, sent);
  }
  const plan = server.plan();
  for (const id of plan.survivors) server.take(clients.get(id)!.reveal(plan));
  return [...(await server.unmasked())];
}

async function secureSum(): Promise<PeerRecord> {
  const cases = [];
  for (let k = 0; k < 24; k++) {
    const stream = rng.derive('secure sum', k);
    const bits = [4, 12, 20, 31, 32][k % 5]!;
    const ids = [3, 0, 11, 7, 5, 20].slice(0, 3 + (k % 4)).sort((a, b) => a - b);
    const silent = k % 3 === 0 ? [] : [ids[k % ids.length]!];
    const values = new Map(
      ids.map((id) => [
        id,
        stream
          .derive(id)
          .words(new Uint32Array(40))
          .map((word) => (bits === 32 ? word : word % 2 ** bits)),
      ]),
    );
    const sum = await sumOf(ids, silent, bits, values);
    const survivors = ids.filter((id) => !silent.includes(id));
    cases.push({ bits, survivors, sum, values: Object.fromEntries([...values].map(([id, all]) => [id, [...all]])) });
  }
  return {
    item: 'secure aggregation: 24 sums modulo 2^4 to 2^32, 3 to 6 clients, one or none dropped out',
    by: 'secure_sum',
    limit: 0,
    unit: 'cases',
    cases,
  };
}

export const payloadRecords: readonly (() => Promise<PeerRecord>)[] = [
  () => threshold('float32'),
  () => threshold('float64'),
  secureSum,
];
