import { expect } from 'chai';
import { sealsMessages } from '../../../protocol/wire/control-messages.js';
import { LIMITS } from '../../../protocol/wire/limits.js';
import { readPacked } from '../../../protocol/wire/packed-message.js';
import { pack } from '../../../protocol/wire/packing.js';

const BOUNDS = { clientCount: 3, kindCount: 2, maxPackedValues: LIMITS.packedValues };
const seal = { round: 0, attempt: 0, from: 0, counts: [1, 1], to: [0, 1, 2, 'coordinator'] } as const;
const read = (seals: readonly unknown[], bounds = BOUNDS) =>
  readPacked(pack({ type: 'seals', seals }), bounds, 'packed message');

describe('packed messages', () => {
  it('a seal has at most one receiver a party and one count a kind', () => {
    expect(read([seal])).to.deep.equal({ type: 'seals', seals: [seal] });
    expect(() => read([{ ...seal, to: [0, 1, 2, 0, 1] }])).to.throw(/at most 2 kinds to 4 parties, got 2 to 5/);
    expect(() => read([{ ...seal, counts: [1, 1, 1] }])).to.throw(/at most 2 kinds to 4 parties, got 3 to 4/);
  });

  it('as many receivers as a message of seals may name are read, and one seal more is refused', () => {
    const each = LIMITS.sealReceivers / 128;
    const bounds = { clientCount: each, kindCount: 2, maxPackedValues: LIMITS.packedValues };
    const to = Array.from({ length: each - 20 }, (_, client) => client);
    const queued = new Array(128).fill({ seal: { round: 0, attempt: 0, from: 0, counts: [1] }, to });
    const [message, ...others] = sealsMessages(queued);
    expect(others).to.deep.equal([]);
    const { seals } = message as { readonly seals: readonly unknown[] };
    expect(readPacked(pack(message), bounds, 'packed message')).to.deep.equal(message);
    expect(() => read([...seals, ...seals.slice(0, 1)], bounds)).to.throw(/at most 131072 receivers of seals/);
  });

  it('what is no message of seals is left to the schema', () => {
    for (const seals of [null, 5, [null], [5], [{ to: 5, counts: {} }]]) {
      const bytes = pack({ type: 'seals', seals });
      expect(() => readPacked(bytes, BOUNDS, 'packed message')).to.throw(/^ERR_PROTOCOL: packed message: seals/);
    }
    expect(() => readPacked(pack(null), BOUNDS, 'packed message')).to.throw(/^ERR_PROTOCOL: packed message/);
  });
});
