import { expect } from 'chai';
import { chaptersOf, chosen } from '../../../scenarios/conformance/chapters.js';
import { judge } from '../../../scenarios/conformance/judge.js';
import { textOf } from '../../../scenarios/conformance/print.js';
import { CoordinatorStage } from '../../../scenarios/conformance/script/coordinator-stage.js';
import { type Served, served } from '../../support/served.js';

describe('our own coordinator under the conformance kit', function () {
  this.timeout(600_000);
  let coordinator: Served;
  before(async () => {
    coordinator = await served();
  });
  after(() => void coordinator?.child.kill('SIGKILL'));

  it('passes a few cases of the conformance kit; the system suite has all', async () => {
    const cases = chosen(await chaptersOf<CoordinatorStage>('coordinator'), [
      '1.2.5',
      '2.1.1',
      '3.1.2',
      '3.2.1',
      '4.1.1',
      '5.2.1',
    ]);
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
