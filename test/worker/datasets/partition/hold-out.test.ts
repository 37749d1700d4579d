import { expect } from 'chai';
import { rootStream } from '../../../../protocol/numerics/random.js';
import { holdOut } from '../../../../worker/datasets/partition/hold-out.js';
import { ShardList } from '../../../../worker/datasets/shard-list.js';

const rng = rootStream(1, 'float64');
const partition = {
  shards: ShardList.from([
    Uint32Array.of(0, 2, 4, 6, 8, 10, 12, 14, 16, 18),
    Uint32Array.of(1),
    Uint32Array.of(3, 5),
    new Uint32Array(0),
  ]),
  dropped: 0,
  definition: 'by hand',
};

describe('examples held out for each client', () => {
  it('with its shard they are the shard before, ascending; a client keeps an example to train on', () => {
    const { partition: kept, shards } = holdOut(partition, 0.3, rng);
    for (let client = 0; client < 4; client++) {
      const both = [...kept.shards.at(client), ...shards.at(client)];
      expect(both.sort((a, b) => a - b)).to.deep.equal([...partition.shards.at(client)]);
      expect([...shards.at(client)]).to.deep.equal([...shards.at(client)].sort((a, b) => a - b));
    }
    expect(shards.map(({ length }) => length)).to.deep.equal([3, 0, 1, 0]);
  });

  it('do not depend on the other clients', () => {
    const alone = { ...partition, shards: ShardList.from([partition.shards.at(0)]) };
    expect(holdOut(alone, 0.3, rng).shards.at(0)).to.deep.equal(holdOut(partition, 0.3, rng).shards.at(0));
  });
});
