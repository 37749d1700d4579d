import { queryObjects } from 'node:v8';
import { expect } from 'chai';
import { RunDirectory } from '../../coordinator/run-directory/run-directory.js';
import { SessionExplorer } from '../support/simulation/session-explorer.js';

/** Objects that are alive, arrays and functions included. */
function live(): number {
  return queryObjects(Object, { format: 'count' });
}

const [FROM, TO] = [100, 500];

describe('the memory of a session', function () {
  this.timeout(120_000);

  it('coordinator and workers keep no object of a round that is done', async () => {
    const sizes = new Map<number, number>();
    const { metric } = RunDirectory.prototype;
    RunDirectory.prototype.metric = function (row) {
      metric.call(this, row);
      if (row.round === FROM || row.round === TO) sizes.set(row.round, live());
    };
    try {
      const explorer = new SessionExplorer(5, { method: 'scaffold', faults: [], rounds: TO });
      expect((await explorer.run()).failure).to.equal(null);
    } finally {
      RunDirectory.prototype.metric = metric;
    }
    const [before, after] = [sizes.get(FROM)!, sizes.get(TO)!];
    expect(after - before, `${before} objects at round ${FROM}, ${after} at ${TO}`).to.be.below((TO - FROM) / 2);
  });
});
