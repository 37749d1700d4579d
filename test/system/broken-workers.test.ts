import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect } from 'chai';
import { chaptersOf, chosen } from '../../scenarios/conformance/chapters.js';
import { judge } from '../../scenarios/conformance/judge.js';
import { textOf } from '../../scenarios/conformance/print.js';
import { Coordinator } from '../../scenarios/conformance/script/coordinator.js';
import { pythonWith } from './python.js';

// The compiled tests lie one folder deeper than their sources.
const source = (path: string) => fileURLToPath(new URL(`../../../test/conformance/${path}`, import.meta.url));
const faults = JSON.parse(readFileSync(source('broken/faults.json'), 'utf8')) as Record<string, { case: string }>;

/** One case of each other chapter: a fault that reaches further than it should shows there. GRADSWARM_BROKEN=all: every case. */
const SENTINELS = ['1.1.4', '2.2.1', '4.1.1', '5.1.1', '6.1.5', '7.1.2', '8.1.4', '11.1.1'];

/** In the system suite every second fault is tried, with the cases of its group and two others; `npm run soak` has all of both. */
const SOAK = process.env.GRADSWARM_SOAK !== undefined;
const FEW_SENTINELS = ['2.2.1', '6.1.5'];
const tried = Object.entries(faults).filter((_, index) => SOAK || index % 2 === 0);

/** Which cases a worker is judged by whose fault is meant for `meant`. */
function patternsFor(meant: string): readonly string[] {
  if (process.env.GRADSWARM_BROKEN === 'all') return [];
  const [chapter, group] = meant.split('.');
  return SOAK ? [chapter!, ...SENTINELS] : [`${chapter}.${group}`, ...FEW_SENTINELS];
}

describe('workers with one fault each under the conformance kit', function () {
  this.timeout(600_000);
  let python: string | null;

  before(function () {
    python = pythonWith(['numpy', 'aiohttp', 'msgpack']);
    if (!python) this.skip();
  });

  it('are at least 20', () => {
    expect(tried.length).to.be.at.least(20);
  });

  for (const [name, { case: meant }] of tried)
    it(`one that ${name} fails ${meant} and no other`, async () => {
      const cases = chosen(await chaptersOf<Coordinator>('worker'), patternsFor(meant));
      const command = [python!, source('broken/worker.py'), name, '{url}'];
      const maker = { open: () => Coordinator.open(command), close: (stage: Coordinator) => stage.close() };
      const failed = (await judge(cases, maker, 4, () => {})).filter(({ verdict }) => verdict === 'fail');
      expect(failed.map(({ id }) => id).join(), failed.map(textOf).join('\n')).to.equal(meant);
    });
});

describe('the worker in Python under the conformance kit', function () {
  this.timeout(600_000);

  it('passes every case that applies', async function () {
    const python = pythonWith(['numpy', 'aiohttp', 'msgpack']);
    if (!python) return this.skip();
    const cases = chosen(await chaptersOf<Coordinator>('worker'), []);
    const command = [python, source('python-worker/worker.py'), '{url}'];
    const maker = { open: () => Coordinator.open(command), close: (stage: Coordinator) => stage.close() };
    const results = await judge(cases, maker, 4, () => {});
    const left = results.filter(({ verdict }) => verdict === 'fail' || verdict === 'inconclusive');
    expect(left.map(textOf).join('\n')).to.equal('');
  });
});
