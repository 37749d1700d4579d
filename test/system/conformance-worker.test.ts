import { fileURLToPath } from 'node:url';
import { expect } from 'chai';
import { chaptersOf, chosen } from '../../scenarios/conformance/chapters.js';
import { judge } from '../../scenarios/conformance/judge.js';
import { textOf } from '../../scenarios/conformance/print.js';
import { Coordinator } from '../../scenarios/conformance/script/coordinator.js';

const CLI = fileURLToPath(new URL('../../scenarios/cli.js', import.meta.url));
const WORKER = [process.execPath, CLI, 'worker', '--join', '{url}', '--quiet'];

/** Cases wait more than they compute; more at once would be late on a loaded machine. */
const JOBS = 2;

describe('our own worker under the conformance kit', function () {
  this.timeout(900_000);

  it('passes every case that applies', async () => {
    const cases = chosen(await chaptersOf<Coordinator>('worker'), []);
    const maker = { open: () => Coordinator.open(WORKER), close: (stage: Coordinator) => stage.close() };
    const results = await judge(cases, maker, JOBS, () => {});
    const left = results.filter(({ verdict }) => verdict === 'fail' || verdict === 'inconclusive');
    expect(left.map(textOf).join('\n')).to.equal('');
  });

  it('ends where the end of the run and that of its connection arrive in one piece', async () => {
    const stage = await Coordinator.open(WORKER);
    try {
      const { control } = await stage.running();
      // Not awaited, so that nothing lies between the two.
      void control.asked('stop', { over: 'failed' }).catch(() => {});
      control.close();
      await stage.worker.ends(10_000);
    } finally {
      await stage.close();
    }
  });
});
