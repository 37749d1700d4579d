import { fileURLToPath } from 'node:url';
import { expect } from 'chai';
import { chaptersOf, chosen } from '../../../scenarios/conformance/chapters.js';
import { judge } from '../../../scenarios/conformance/judge.js';
import { textOf } from '../../../scenarios/conformance/print.js';
import { Coordinator } from '../../../scenarios/conformance/script/coordinator.js';

const CLI = fileURLToPath(new URL('../../../scenarios/cli.js', import.meta.url));
const WORKER = [process.execPath, CLI, 'worker', '--join', '{url}', '--quiet'];

/** One case of each kind; the system suite plays them all. */
const FEW = ['1.1.4', '1.2.1', '2.2.1', '3.1.1', '4.1.1', '4.3.1', '5.1.1', '6.1.5', '7.1.2'];

describe('our own worker', function () {
  this.timeout(120_000);

  it('passes a few cases of the conformance kit; the system suite has all', async () => {
    const cases = chosen(await chaptersOf<Coordinator>('worker'), FEW);
    expect(cases.length).to.equal(FEW.length);
    const maker = { open: () => Coordinator.open(WORKER), close: (stage: Coordinator) => stage.close() };
    const results = await judge(cases, maker, 2, () => {});
    expect(
      results
        .filter(({ verdict }) => verdict !== 'pass')
        .map(textOf)
        .join('\n'),
    ).to.equal('');
  });
});
