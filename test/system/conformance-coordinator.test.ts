import { expect } from 'chai';
import type { ScenarioInput } from '../../protocol/scenario/input.js';
import { chaptersOf, chosen } from '../../scenarios/conformance/chapters.js';
import { judge } from '../../scenarios/conformance/judge.js';
import { textOf } from '../../scenarios/conformance/print.js';
import { CoordinatorStage } from '../../scenarios/conformance/script/coordinator-stage.js';
import { SERVED, SERVED_WALL } from '../../scenarios/conformance/script/scenario.js';
import { served } from '../support/served.js';

/** Cases of the run under the wall clock. */
const WALL = ['3.7', '6.1'];

async function judged(scenario: ScenarioInput, patterns: readonly string[]) {
  const coordinator = await served(scenario);
  try {
    const cases = chosen(await chaptersOf<CoordinatorStage>('coordinator'), patterns);
    const maker = {
      open: async () => new CoordinatorStage(coordinator.url, coordinator.token),
      close: (stage: CoordinatorStage) => stage.close(),
    };
    return await judge(cases, maker, 1, () => {});
  } finally {
    coordinator.child.kill('SIGKILL');
  }
}

describe('our own coordinator under the conformance kit', function () {
  this.timeout(600_000);

  it('passes every case, to the end of the run; those of the wall clock are not applicable', async () => {
    const results = await judged(SERVED, []);
    const left = results.filter(({ verdict }) => verdict !== 'pass' && verdict !== 'not applicable');
    expect(left.map(textOf).join('\n')).to.equal('');
    const without = results.filter(({ verdict }) => verdict === 'not applicable').map(({ id }) => id);
    expect(without).to.deep.equal(['3.7.1', '3.7.2', '3.7.3', '6.1.1']);
  });

  it('passes those of the wall clock, and of a half that fails, in a run under it', async () => {
    const results = await judged(SERVED_WALL, WALL);
    expect(results.length).to.equal(4);
    const left = results.filter(({ verdict }) => verdict !== 'pass');
    expect(left.map(textOf).join('\n')).to.equal('');
  });
});
