import { expect } from 'chai';
import { ShardList } from '../../../worker/datasets/shard-list.js';

const shards = [Uint32Array.of(4, 7), new Uint32Array(0), Uint32Array.of(1, 0, 9)];

describe('ShardList', () => {
  it('copied from shards, or cut from one array: sizes, shards and order are those of the clients', () => {
    const cut = ShardList.cut(Uint32Array.of(4, 7, 1, 0, 9, 8), Uint32Array.of(2, 2, 5));
    for (const list of [ShardList.from(shards), cut]) {
      expect(list.length).to.equal(3);
      expect([...list]).to.deep.equal(shards);
      expect(list.map((shard, client) => [client, shard.length, list.sizeAt(client)])).to.deep.equal([
        [0, 2, 2],
        [1, 0, 0],
        [2, 3, 3],
      ]);
      // What no client has (here 8) is in no shard.
      expect([...list.all]).to.deep.equal([4, 7, 1, 0, 9]);
    }
  });

  it('extended: clients without examples come last', () => {
    expect(
      ShardList.from(shards)
        .extended(2)
        .map((shard) => [...shard]),
    ).to.deep.equal([[4, 7], [], [1, 0, 9], [], []]);
    expect(ShardList.empty(2).map((shard) => shard.length)).to.deep.equal([0, 0]);
  });

  it('a shard is a view: what sorts it sorts the list', () => {
    const list = ShardList.from(shards);
    for (const shard of list) shard.sort();
    expect([...list.at(2)]).to.deep.equal([0, 1, 9]);
  });
});
