import { expect } from 'chai';
import { FieldSums } from '../../../protocol/party/field-sums.js';
import { layoutsOf } from '../../../protocol/wire/layout.js';

const layout = layoutsOf(
  {
    votes: { from: 'clients', to: 'coordinator', vectors: ['x'], integers: ['n'], scalars: ['weight'] },
  },
  'float32',
).get('votes')!;
const message = (x: number, length = 2) => ({
  x: new Float32Array(length).fill(x),
  n: Int32Array.of(x, -x),
  weight: x / 2,
});

describe('sums of the fields of messages', () => {
  it('are exact and have the types of what was added: 2^24 + 1 - 2^24 is 1 in float32', () => {
    const sums = new FieldSums(layout, 2 ** 25, 3);
    for (const x of [2 ** 24, 1, -(2 ** 24)]) expect(sums.add(message(x))).to.equal(true);
    expect(sums.count).to.equal(3);
    expect(sums.value(new Float32Array(0))).to.deep.equal({
      x: Float32Array.of(1, 1),
      n: Int32Array.of(1, -1),
      weight: 0.5,
    });
  });

  it('refuse a message beyond the bound in one field, or of another length, and add nothing of it', () => {
    const sums = new FieldSums(layout, 10, 4);
    sums.add(message(3));
    expect(sums.add({ ...message(1), weight: 11 })).to.equal(false);
    expect(sums.add(message(1, 3))).to.equal(false);
    expect([sums.count, sums.value(new Float32Array(0)).x]).to.deep.equal([1, Float32Array.of(3, 3)]);
  });

  it('of no message are empty vectors and 0', () => {
    const nothing = new FieldSums(layout, 1, 1).value(new Float64Array(0));
    expect([nothing.x, nothing.weight]).to.deep.equal([new Float64Array(0), 0]);
  });
});
