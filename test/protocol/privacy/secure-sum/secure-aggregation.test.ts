import { createCipheriv, createHash, createHmac } from 'node:crypto';
import { expect } from 'chai';
import {
  addResidues,
  centerResidues,
  type MaskSettings,
  maskOf,
  maskResidues,
  planUnmasking,
  ShareGuard,
  toResidues,
  unmaskSum,
} from '../../../../protocol/privacy/secure-sum/secure-aggregation.js';
import { chiSquareBounds } from '../statistics.js';

const expand: MaskSettings['secrets']['expand'] = async (secret, context, length) => {
  const key = createHmac('sha256', secret).update(context).digest();
  return new Uint8Array(createCipheriv('aes-256-ctr', key, Buffer.alloc(16)).update(Buffer.alloc(length)));
};
const secretOf = (...parts: (string | number)[]) =>
  new Uint8Array(createHash('sha256').update(parts.join('/')).digest());
const pairSecret = (a: number, b: number) => secretOf('pair', Math.min(a, b), Math.max(a, b));
const settings = (bits: number): MaskSettings => ({ context: 'run 1, round 5', bits, secrets: { expand } });

const CLIENTS = [0, 1, 2, 3, 4];
const vectorOf = (client: number) => Int32Array.from({ length: 40 }, (_, i) => ((client + 1) * (i - 20) * 37) % 500);
const maskedOf = (client: number, bits: number, clients = CLIENTS) =>
  maskResidues(
    toResidues(vectorOf(client), bits),
    client,
    secretOf('own', client),
    clients.filter((peer) => peer !== client).map((peer) => ({ peer, secret: pairSecret(client, peer) })),
    settings(bits),
  );

async function aggregate(answered: readonly number[], threshold: number, bits: number): Promise<Int32Array> {
  const plan = planUnmasking(CLIENTS, answered, threshold);
  const sum = new Uint32Array(40);
  for (const client of plan.survivors) addResidues(sum, await maskedOf(client, bits), 1, bits);
  const rebuilt = { ownSeed: (client: number) => secretOf('own', client), pairSecret };
  return centerResidues(await unmaskSum(sum, plan, rebuilt, settings(bits)), bits);
}

describe('protocol/privacy/secure-aggregation', () => {
  for (const bits of [13, 20, 32])
    it(`modulo 2^${bits} the sum is exact for every set of survivors that leaves at least 3 of 5`, async () => {
      for (let set = 0; set < 32; set++) {
        const answered = CLIENTS.filter((client) => (set >> client) & 1);
        if (answered.length < 3) continue;
        const sum = await aggregate(answered, 3, bits);
        const expected = vectorOf(0).map((_, i) => answered.reduce((total, client) => total + vectorOf(client)[i]!, 0));
        expect(sum).to.deep.equal(expected);
      }
    });

  it('fewer survivors than the threshold abort, and a client that never shared its keys is refused', () => {
    expect(() => planUnmasking(CLIENTS, [0, 1], 3)).to.throw(/ERR_PRIVACY.*2 clients answered, 3 are needed/);
    expect(() => planUnmasking([0, 1, 2], [0, 1, 2, 3], 2)).to.throw(/client 3 answered without/);
    // A client that says the same twice is one client.
    expect(() => planUnmasking(CLIENTS, [0, 0, 0], 3)).to.throw(/1 clients answered/);
    expect(planUnmasking(CLIENTS, [4, 0, 2], 3)).to.deep.equal({ survivors: [0, 2, 4], dropped: [1, 3] });
  });

  it('one masked vector is uniform: chi-square of its bytes at 1e-6, 20,000 residues of a constant vector', async () => {
    const masked = await maskResidues(new Uint32Array(20_000).fill(7), 0, secretOf('own', 0), [], settings(32));
    const statistic = (words: Uint32Array) => {
      const counts = new Float64Array(256);
      for (const byte of new Uint8Array(words.buffer)) counts[byte]!++;
      const expected = (4 * words.length) / 256;
      return counts.reduce((sum, count) => sum + (count - expected) ** 2 / expected, 0);
    };
    const [low, high] = chiSquareBounds(255);
    expect(statistic(masked)).to.be.within(low, high);
    // Planted: masks of 16 bits in 32-bit residues leave half of the bytes bare.
    expect(statistic(await maskOf(secretOf('own', 0), 'c', 20_000, 16, { expand }))).to.be.above(high);
  });

  it('planted: pairwise masks of equal sign do not cancel; with opposite signs a pair cancels exactly', async () => {
    const bits = 20;
    const pair = [0, 1];
    const sum = toResidues(new Int32Array(40), bits);
    for (const client of pair) addResidues(sum, await maskedOf(client, bits, pair), 1, bits);
    for (const client of pair)
      addResidues(
        sum,
        await maskOf(secretOf('own', client), `${settings(bits).context}/self`, 40, bits, { expand }),
        -1,
        bits,
      );
    expect(centerResidues(sum, bits)).to.deep.equal(vectorOf(0).map((x, i) => x + vectorOf(1)[i]!));
    const pairMask = await maskOf(pairSecret(0, 1), `${settings(bits).context}/pair`, 40, bits, { expand });
    expect(centerResidues(addResidues(sum, pairMask, 1, bits), bits)).to.not.deep.equal(vectorOf(0));
  });

  it('a client never gives both shares of another: the second kind is refused, the first kind again is not', () => {
    const guard = new ShareGuard();
    guard.release(3, 'own-seed');
    guard.release(3, 'own-seed');
    guard.release(4, 'masking-key');
    expect(() => guard.release(3, 'masking-key')).to.throw(/ERR_PRIVACY.*client 3/);
    expect(() => guard.release(4, 'own-seed')).to.throw('ERR_PRIVACY');
  });

  it('residues wrap and centre: -2^(bits-1) to 2^(bits-1) - 1 come back, one more wraps round', () => {
    for (const bits of [1, 8, 31, 32]) {
      const edge = 2 ** (bits - 1);
      expect([...centerResidues(toResidues([-edge, edge - 1, -1], bits), bits)]).to.deep.equal([-edge, edge - 1, -1]);
      expect(centerResidues(toResidues([edge], bits), bits)[0]).to.equal(-edge);
    }
    expect(toResidues([-1, 2 ** 40 + 5], 8)).to.deep.equal(Uint32Array.of(255, 5));
    expect(() => toResidues([1], 33)).to.throw('ERR_PRIVACY');
  });
});
