import { expect } from 'chai';
import { ChangedClients } from '../../../coordinator/run/changed-clients.js';

describe('clients that changed', () => {
  it('are those of all rounds since the last checkpoint, each once, ascending', () => {
    const changed = new ChangedClients({ checkpoints: { everyRounds: 5 }, clients: 10 });
    changed.add([7, 2], [9]);
    changed.add([2, 0]);
    expect(changed.ascending).to.deep.equal([0, 2, 7, 9]);
    changed.clear();
    changed.add([3]);
    expect(changed.ascending).to.deep.equal([3]);
  });

  it('are not kept where no checkpoint is written', () => {
    const changed = new ChangedClients({ checkpoints: { everyRounds: null }, clients: 10 });
    changed.add([7, 2]);
    expect(changed.ascending).to.deep.equal([]);
  });
});
