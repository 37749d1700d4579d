import { expect } from 'chai';
import {
  combineShares,
  MOST_SHARES,
  SECRET_BYTES,
  SHARE_BYTES,
  splitSecret,
} from '../../../../protocol/privacy/secure-sum/shamir.js';

const SECRET = Uint8Array.from({ length: SECRET_BYTES }, (_, i) => (37 * i + 11) % 256);

async function messageOf(refused: Promise<unknown>): Promise<string> {
  return refused.then(() => 'was accepted', String);
}

describe('protocol/privacy/secure-sum/shamir', () => {
  it('every 3 of 5 shares, and all 5, give the secret back, the largest and smallest secrets included', async () => {
    for (const secret of [SECRET, new Uint8Array(SECRET_BYTES), new Uint8Array(SECRET_BYTES).fill(255)]) {
      const shares = await splitSecret(secret, 3, 5);
      expect(shares.every(({ length }) => length === SHARE_BYTES)).to.equal(true);
      for (let a = 0; a < 5; a++)
        for (let b = 0; b < a; b++)
          for (let c = 0; c < b; c++)
            expect(await combineShares([shares[a]!, shares[b]!, shares[c]!], 3)).to.deep.equal(secret);
      expect(await combineShares(shares, 3)).to.deep.equal(secret);
    }
  });

  it('the shares of a secret of zeros lie on a line through 0 where the threshold is 2: s(x) / x is one value in GF(2^8)', async () => {
    // Products by repeated doubling modulo x^8 + x^4 + x^3 + x + 1, apart from the package's tables.
    const product = (a: number, b: number): number => {
      let sum = 0;
      for (let bit = 0, doubled = a; bit < 8; bit++, doubled = (doubled << 1) ^ (doubled & 128 ? 0x11b : 0))
        if ((b >> bit) & 1) sum ^= doubled;
      return sum;
    };
    const shares = await splitSecret(new Uint8Array(SECRET_BYTES), 2, 4);
    for (let byte = 0; byte < SECRET_BYTES; byte++) {
      const slopes = shares.map(
        (share) => [...Array(256).keys()].find((slope) => product(slope, share[SECRET_BYTES]!) === share[byte])!,
      );
      expect(new Set(slopes).size).to.equal(1);
    }
  });

  it('two shares of a threshold of 3 are refused, and combined as if they were enough they give another secret', async () => {
    const shares = (await splitSecret(SECRET, 3, 5)).slice(0, 2);
    expect(await messageOf(combineShares(shares, 3))).to.match(/ERR_PRIVACY.*at least 3 shares, got 2/);
    expect(await combineShares(shares, 2)).to.not.deep.equal(SECRET);
  });

  it('refuses a short secret, a threshold of 1 or beyond the shares, and more shares than the field has points', async () => {
    expect(await messageOf(splitSecret(new Uint8Array(31), 2, 5))).to.match(/ERR_PRIVACY.*32 bytes, got 31/);
    expect(await messageOf(splitSecret(SECRET, 6, 5))).to.match(/ERR_PRIVACY.*threshold between 2 and the 5 shares/);
    expect(await messageOf(splitSecret(SECRET, 1, 5))).to.match(/ERR_PRIVACY.*threshold/);
    expect(await messageOf(splitSecret(SECRET, 2, MOST_SHARES + 1))).to.match(/ERR_PRIVACY.*2 to 255 clients, got 256/);
    expect(await splitSecret(SECRET, 2, MOST_SHARES)).to.have.length(255);
  });

  it('refuses shares of another length, two at the same point, and one at 0, where the secret is', async () => {
    const [one, two] = await splitSecret(SECRET, 2, 2);
    expect(await messageOf(combineShares([one!, two!.slice(1)], 2))).to.match(/ERR_PRIVACY.*33 bytes, got 32/);
    expect(await messageOf(combineShares([one!, one!], 2))).to.match(/ERR_PRIVACY.*different points/);
    const atZero = two!.slice();
    atZero[SECRET_BYTES] = 0;
    expect(await messageOf(combineShares([one!, atZero], 2))).to.match(/ERR_PRIVACY.*none of them 0/);
  });
});
