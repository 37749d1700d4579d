import { expect } from 'chai';
import { RunDirectory } from '../../../coordinator/run-directory/run-directory.js';
import { DISK, Disk } from '../../support/simulation/disk.js';

describe('a run directory after a failure of power', () => {
  it('has every row and every release once its manifest calls the run finished', () => {
    const disk = new Disk();
    const unmount = disk.mount();
    try {
      const path = `${DISK}/run`;
      const run = RunDirectory.create({ root: DISK, scenarioName: 'x', scenario: { seed: 3 }, path });
      const bytes = { bytesUp: 1, bytesDown: 2, bytesPeer: 0 };
      for (const round of [1, 2, 3]) {
        run.metric({ round, loss: 1, accuracy: null, ...bytes, simulatedMs: 1, wallMs: 0, extra: {} });
        run.release([{ round, noise: 'seeded' } as { readonly noise: string }]);
      }
      run.updateManifest({ finishedAt: new Date(0).toISOString(), roundsDone: 3 });
      disk.failPower();
      const again = RunDirectory.open(path);
      expect(again.rows()).to.have.length(3);
      expect(again.releases()).to.have.length(3);
      again.close();
    } finally {
      unmount();
    }
  });
});
