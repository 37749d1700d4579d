import { join } from 'node:path';
import { expect } from 'chai';
import { sweep } from '../../../protocol/scenario/input.js';
import { resolveSweep } from '../../../protocol/scenario/sweep.js';
import { liveData } from '../../../scenarios/live/live-data.js';
import { sweepCurves } from '../../../scenarios/live/sweep-curves.js';
import { loadCatalogue } from '../../../scenarios/run/catalogue.js';
import { recordedRuns } from '../../../scenarios/run/recorded.js';
import { runSweep } from '../../../scenarios/run/runtime.js';
import { runInput, temporaryFolder } from '../../support/scripted-run.js';

describe('the live curves of a sweep', () => {
  let folder: string;
  let losses: number[][];
  before(async () => {
    folder = join(temporaryFolder(), 'sweep');
    const input = sweep('rates', {
      base: {
        method: { name: 'sgd', optimizer: { name: 'sgd', learningRate: 0.01 } },
        objective: 'quadratic',
        data: 'none',
        clients: 3,
        rounds: 4,
      },
      over: { 'method.optimizer.learningRate': [0.01, 0.1] },
      seeds: 3,
    });
    await runSweep(await resolveSweep(input, await loadCatalogue()), {
      directory: folder,
      listen: null,
      signal: new AbortController().signal,
    });
    losses = recordedRuns(folder).map(({ rows }) => rows.map(({ loss }) => loss!));
  });

  it('one for each setting: mean, lowest and highest of its three seeds after each round', () => {
    const curves = sweepCurves(folder)!;
    expect(curves.loss.map(({ name, seeds }) => [name, seeds])).to.deep.equal([
      ['learningRate = 0.01', 3],
      ['learningRate = 0.1', 3],
    ]);
    for (const [group, { points }] of curves.loss.entries())
      for (const [i, point] of points.entries()) {
        const values = losses.slice(3 * group, 3 * group + 3).map((rows) => rows[i]!);
        expect(point).to.deep.equal({
          x: i + 1,
          y: values.reduce((sum, value) => sum + value, 0) / 3,
          low: Math.min(...values),
          high: Math.max(...values),
        });
      }
    expect(curves.loss[0]!.points).to.have.length(4);
    expect(curves.accuracy[0]!.points).to.have.length(0);
    expect(curves.leftOut).to.equal(0);
  });

  it('the page has the state and the verdict of the sweep, not of its newest point', async () => {
    const { state, points, verdict } = await liveData(folder, null);
    expect({ state, points }).to.deep.equal({ state: 'finished', points: { done: 6, of: 6 } });
    expect(verdict!.expectations.map(({ name }) => name)).to.deep.equal([]);
  });

  it('one run has none', async () => {
    const { path } = await runInput({ name: 'one', method: 'sgd', objective: 'quadratic', data: 'none', rounds: 2 });
    expect(sweepCurves(path)).to.equal(null);
    expect((await liveData(path, null)).points).to.equal(null);
  });
});
