import { expect } from 'chai';
import { chaptersOf, chosen } from '../../scenarios/conformance/chapters.js';
import { judge } from '../../scenarios/conformance/judge.js';
import { textOf } from '../../scenarios/conformance/print.js';
import { CoordinatorStage } from '../../scenarios/conformance/script/coordinator-stage.js';
import { type Served, served } from '../support/served.js';

describe('our own coordinator under the conformance kit', function () {
  this.timeout(600_000);
  let coordinator: Served;
  before(async () => {
    coordinator = await served();
  });
  after(() => void coordinator?.child.kill('SIGKILL'));

  it('passes every case, to the end of the run', async () => {
    const cases = chosen(await chaptersOf<CoordinatorStage>('coordinator'), []);
    const maker = {
      open: async () => new CoordinatorStage(coordinator.url, coordinator.token),
      close: (stage: CoordinatorStage) => stage.close(),
    };
    const results = await judge(cases, maker, 1, () => {});
    expect(results.length).to.be.greaterThan(5);
    expect(
      results
        .filter(({ verdict }) => verdict !== 'pass')
        .map(textOf)
        .join('\n'),
    ).to.equal('');
  });
});
