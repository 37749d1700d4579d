import { expect } from 'chai';
import { checkKeys } from '../../../../protocol/privacy/secure-sum/public-keys.js';
import { systemSecrets as secrets } from '../../../../worker/secrets.js';

const PRIME = 2n ** 255n - 19n;
/** The coordinates of points of order 1, 2, 4 and 8 on the curve and its twist, with those that are not reduced. */
const SMALL_ORDER = [
  0n,
  1n,
  325606250916557431795983626356110631294008115727848805560023387167927233504n,
  39382357235489614581723060781553021112529911719440698176882885853963445705823n,
  PRIME - 1n,
  PRIME,
  PRIME + 1n,
];

const publicKey = async () => (await secrets.keyPair()).publicKey;

/** A key whose point has this coordinate, little-endian; `idle`: the bit that is not read. */
async function keyAt(coordinate: bigint, idle: 0 | 128): Promise<Uint8Array> {
  const key = await publicKey();
  for (let i = 0; i < 32; i++) key[key.length - 32 + i] = Number((coordinate >> BigInt(8 * i)) & 255n);
  key[key.length - 1]! |= idle;
  return key;
}

async function rosterWith(key: Uint8Array, part: 'encryption' | 'masking') {
  const clean = async (client: number) => ({ client, encryption: await publicKey(), masking: await publicKey() });
  return [await clean(0), { ...(await clean(1)), [part]: key }, await clean(2)];
}

const refused = (checked: Promise<void>): Promise<string> =>
  checked.then(
    () => 'accepted',
    ({ message }: Error) => message,
  );

describe('protocol/privacy/secure-sum/public-keys', () => {
  it('points of small order, with which no key agrees, are refused, whatever their idle bit; others are not', async () => {
    const own = await secrets.keyPair();
    for (const coordinate of SMALL_ORDER)
      for (const idle of [0, 128] as const) {
        const key = await keyAt(coordinate, idle);
        expect(await secrets.agree(own.privateKey, key).catch(() => null), String(coordinate)).to.equal(null);
        for (const part of ['encryption', 'masking'] as const)
          expect(await refused(checkKeys(await rosterWith(key, part), secrets))).to.contain('two X25519 keys');
      }
    for (const coordinate of [2n, 9n]) {
      const key = await keyAt(coordinate, 128);
      expect(await secrets.agree(own.privateKey, key)).to.have.length(32);
      expect(await refused(checkKeys(await rosterWith(key, 'masking'), secrets))).to.equal('accepted');
    }
  });

  it('a key of another length or kind is refused, and a masking key that another client has', async () => {
    const key = await publicKey();
    const otherKind = key.slice();
    otherKind[0]! ^= 1;
    for (const bad of [key.subarray(1), Uint8Array.of(...key, 0), otherKind])
      expect(await refused(checkKeys(await rosterWith(bad, 'encryption'), secrets))).to.contain('two X25519 keys');
    const [one, two] = await rosterWith(key, 'masking');
    expect(await refused(checkKeys([two!, { ...one!, masking: key }], secrets))).to.contain('another key than those');
    expect(await refused(checkKeys([two!, one!], secrets))).to.equal('accepted');
  });
});
