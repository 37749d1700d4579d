import { fileURLToPath } from 'node:url';
import { expect } from 'chai';
import { chaptersOf, chosen } from '../../scenarios/conformance/chapters.js';
import { judge } from '../../scenarios/conformance/judge.js';
import { textOf } from '../../scenarios/conformance/print.js';
import { Coordinator } from '../../scenarios/conformance/script/coordinator.js';
import { onlyInSoak } from '../support/soak.js';

const CLI = fileURLToPath(new URL('../../scenarios/cli.js', import.meta.url));
const WORKER = [process.execPath, CLI, 'worker', '--join', '{url}', '--quiet'];

describe('our own worker under the conformance kit', () => {
  it('passes every case that applies', async function () {
    onlyInSoak(this, 'the whole kit for workers');
    const cases = chosen(await chaptersOf<Coordinator>('worker'), []);
    const maker = { open: () => Coordinator.open(WORKER), close: (stage: Coordinator) => stage.close() };
    const results = await judge(cases, maker, 2, () => {});
    const left = results.filter(({ verdict }) => verdict === 'fail' || verdict === 'inconclusive');
    expect(left.map(textOf).join('\n')).to.equal('');
  });
});
