import { expect } from 'chai';
import { rootStream } from '../../../../protocol/numerics/random.js';
import { addResidues } from '../../../../protocol/privacy/secure-sum/secure-aggregation.js';
import {
  type PublicKeys,
  SecureSumClient,
  SecureSumServer,
} from '../../../../protocol/privacy/secure-sum/secure-sum.js';
import { systemSecrets } from '../../../../worker/secrets.js';

const BITS = 20;
const LENGTH = 64;
const settings = { context: 'round 3', bits: BITS, threshold: 3, secrets: systemSecrets };
const vectorOf = (client: number) =>
  rootStream(7, 'float64')
    .derive(client)
    .words(new Uint32Array(LENGTH))
    .map((word) => word & (2 ** BITS - 1));

/** A whole round with real keys among clients 0, 2, 5, 6, 9. `silent`: never answer after sharing; `mute`: give no shares. */
async function round(silent: readonly number[], mute: readonly number[] = []) {
  const ids = [0, 2, 5, 6, 9];
  const clients = new Map<number, SecureSumClient>();
  for (const id of ids) clients.set(id, await SecureSumClient.begin(id, settings));
  const roster: PublicKeys[] = [...clients.values()].map(({ publicKeys }) => publicKeys);
  const sealed = new Map<number, ReadonlyMap<number, Uint8Array>>();
  for (const [id, client] of clients) sealed.set(id, await client.sealedShares(roster));
  const server = new SecureSumServer(roster, settings);
  const masked = new Map<number, Uint32Array>();
  for (const [id, client] of clients) {
    const received = new Map(
      [...sealed].filter(([from]) => from !== id).map(([from, shares]) => [from, shares.get(id)!]),
    );
    const sent = await client.masked(vectorOf(id), received);
    if (silent.includes(id)) continue;
    masked.set(id, sent);
    server.add(id, sent);
  }
  const plan = server.plan();
  for (const id of plan.survivors) if (!mute.includes(id)) server.take(clients.get(id)!.reveal(plan));
  return { server, masked, clients, plan };
}

function sumOf(ids: readonly number[]): Uint32Array {
  const sum = new Uint32Array(LENGTH);
  for (const id of ids) addResidues(sum, vectorOf(id), 1, BITS);
  return sum;
}

describe('protocol/privacy/secure-sum', () => {
  for (const silent of [[], [5], [0, 9]])
    it(`the sum of the survivors is exact modulo 2^20 when clients ${silent.join(', ') || 'none'} fall silent after the keys`, async () => {
      const { server, plan } = await round(silent);
      expect(plan.dropped).to.deep.equal(silent);
      expect(await server.unmasked()).to.deep.equal(sumOf([0, 2, 5, 6, 9].filter((id) => !silent.includes(id))));
    });

  it('a client that gives no shares is not needed while 3 do; with 2 nothing is unmasked', async () => {
    const { server } = await round([5], [9]);
    expect(await server.unmasked()).to.deep.equal(sumOf([0, 2, 6, 9]));
    const { server: short } = await round([5], [6, 9]);
    await short.unmasked().then(
      () => expect.fail('was unmasked'),
      (error: Error) => expect(error.message).to.match(/ERR_PRIVACY.*expected at least 3 shares, got 2/),
    );
  });

  it('fewer than 3 answers abort', async () => {
    await round([0, 2, 5]).then(
      () => expect.fail('was planned'),
      (error: Error) => expect(error.message).to.match(/ERR_PRIVACY.*2 clients answered, 3 are needed/),
    );
  });

  it('no client gives both shares of another, whatever the coordinator claims later', async () => {
    const { clients } = await round([5]);
    const lie = { survivors: [0, 2, 5, 6], dropped: [9] };
    expect(() => clients.get(0)!.reveal(lie)).to.throw(/ERR_PRIVACY.*both together unmask it/);
  });

  it('a masked vector has nothing to do with its content: no residue of 64 in common beyond chance', async () => {
    const { masked } = await round([]);
    const equal = [...masked].map(([id, sent]) => sent.filter((x, i) => x === vectorOf(id)[i]).length);
    expect(Math.max(...equal)).to.be.below(3);
  });
});
