import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { parse } from 'csv-parse/sync';
import { PAGE_SCRIPT } from '../../../coordinator/report/page-script.js';
import { type ReportContent, writeReport } from '../../../coordinator/report/report.js';
import { writeSweepReport } from '../../../coordinator/report/sweep-report.js';
import { bytesText, numberText, timeText } from '../../../coordinator/report/units.js';
import { RunDirectory } from '../../../coordinator/run-directory/run-directory.js';
import { SweepDirectory } from '../../../coordinator/run-directory/sweep-directory.js';
import { temporaryFolder } from '../run-directory/temporary-folder.js';

const folder = temporaryFolder();
const EVIL = `<script>alert("x")</script>&'`;

function run(scenario: unknown = {}): RunDirectory {
  const directory = RunDirectory.create({
    root: folder(),
    scenarioName: 'tiny',
    scenario,
    setting: { seed: 41, transport: 'in-process' },
  });
  for (let round = 1; round <= 3; round++) {
    const bytes = { bytesUp: 1000, bytesDown: 4000, bytesPeer: 0 };
    const loss = round === 3 ? null : 8 / round;
    directory.metric({
      round,
      loss,
      accuracy: null,
      ...bytes,
      simulatedMs: round * 500,
      wallMs: 1,
      extra: { [EVIL]: round },
    });
  }
  return directory;
}

async function pageOf(directory: RunDirectory, content: Partial<ReportContent> = {}): Promise<string> {
  const verdict = { valid: true, expectations: [] } as const;
  const path = await writeReport(directory, { title: 'Tiny', verdict, ...content });
  directory.close();
  return readFileSync(path, 'utf8');
}

describe('writeReport', () => {
  it('escapes markup from every field, holds no script and loads nothing from elsewhere', async () => {
    const directory = run({ note: EVIL });
    directory.event({ t: 0, wallMs: 0, round: 1, event: 'fault', fields: { fault: EVIL } });
    directory.event({ t: 0, wallMs: 0, round: 1, party: 2, event: 'absent', fields: { why: EVIL } });
    const page = await pageOf(directory, {
      title: EVIL,
      summary: EVIL,
      verdict: { valid: false, expectations: [{ name: EVIL, holds: false, observed: EVIL, detail: 'why' }] },
      method: {
        name: EVIL,
        paper: { title: EVIL, url: `javascript:alert(1)//"${EVIL}`, algorithm: EVIL, reconstruction: EVIL },
        hyperparameters: { [EVIL]: EVIL },
      },
      data: { name: EVIL, source: EVIL, partition: EVIL },
      model: EVIL,
      participation: EVIL,
      codecs: EVIL,
      topology: EVIL,
      privacy: { epsilon: 1, delta: 1e-5, notPrivate: EVIL },
      claims: [{ claim: EVIL, source: EVIL, runs: EVIL, ours: EVIL, status: 'reproduced', note: EVIL }],
      numbers: { [EVIL]: EVIL },
      repeat: [EVIL],
    });
    // The page's own script is the only one, and its policy allows no other.
    expect(page.match(/<script/gi)).to.have.length(1);
    expect(page).to.include(`<script>${PAGE_SCRIPT}</script>`).and.include('default-src &#39;none&#39;');
    expect(page).not.to.match(/href="javascript/i);
    expect(page.match(/&lt;script&gt;/g)!.length).to.be.above(25);
    expect(page).not.to.match(/<(link|img|iframe|object)\b|\b(src|xlink:href)="|@import|url\((?!#)/);
  });

  it('shows final loss of the last evaluated round, bytes by direction, ratio and simulated time', async () => {
    const page = await pageOf(run(), { uncompressedBytes: 60_000 });
    const number = (name: string) => new RegExp(`<b>([^<]*)</b><span>${name}</span>`).exec(page)?.[1];
    expect(number('final loss')).to.equal('4');
    expect(number('final accuracy')).to.equal('–');
    expect(number('clients to coordinator')).to.equal('3 kB');
    expect(number('coordinator to clients')).to.equal('12 kB');
    expect(number('client to client')).to.equal('0 B');
    expect(number('compression ratio')).to.equal('4 : 1');
    expect(number('simulated time')).to.equal('1.5 s');
  });

  it('shows verdict, expectations, claims, reconstruction, not private, absences, seed, digest and how to repeat', async () => {
    const directory = run();
    for (const why of ['late', 'late', 'dropped']) {
      directory.event({ t: 0, wallMs: 0, round: 1, party: 2, event: 'absent', fields: { why } });
    }
    directory.updateManifest({ stateDigest: 'feed'.repeat(16) });
    const page = await pageOf(directory, {
      verdict: {
        valid: 'unknown',
        expectations: [{ name: 'every fault happened', holds: 'unknown', observed: null, detail: 'why' }],
      },
      method: { name: 'vrgd', paper: { title: 'P', url: 'https://example.org/p', reconstruction: 'the warm-up' } },
      privacy: { epsilon: null, delta: null, notPrivate: 'no noise' },
      claims: [
        { claim: 'C', source: 'Table 1', runs: 'dgd; seed 1', ours: '3', status: 'not reproduced', note: 'One seed.' },
      ],
      repeat: ['gradswarm run tiny --seed 41'],
    });
    for (const text of [
      '<span class="badge unknown">inconclusive</span>',
      '<td data-label="result"><span class="mark unknown">? inconclusive</span></td><td data-label="expectation">every fault happened</td><td data-label="observed"><span class="whole">–</span></td>',
      '<a href="https://example.org/p">P</a>',
      '<b>Reconstruction.</b> the warm-up',
      '<b>Not private.</b> no noise',
      '<span class="mark fails">not reproduced</span>',
      'absent: late</td><td class="number" data-label="times">2</td>',
      'absent: dropped</td><td class="number" data-label="times">1</td>',
      '<dt>seed</dt><dd>41</dd>',
      'feed'.repeat(16),
      'gradswarm run tiny --seed 41',
    ]) {
      expect(page).to.contain(text);
    }
  });

  it('has each plot in the page and in plots/, also the ones handed in', async () => {
    const directory = run();
    const spec = { data: { values: [{ a: 1 }] }, mark: 'point', encoding: { x: { field: 'a', type: 'quantitative' } } };
    const page = await pageOf(directory, {
      leadFigures: [{ name: 'seen', caption: 'What was seen.', spec }],
      figures: [{ name: 'partition', caption: 'Who has what.', spec }],
    });
    const files = readdirSync(join(directory.path, 'plots'));
    expect(files).to.include.members(['loss-by-round.svg', 'loss-by-bytes.svg', 'bytes-by-round.svg', 'partition.svg']);
    expect(page.match(/<svg /g)).to.have.length(files.filter((file) => file.endsWith('.svg')).length);
    const [header, first] = readFileSync(join(directory.path, 'plots', 'loss-by-round.csv'), 'utf8').split('\n');
    expect([header, first]).to.deep.equal(['x,y,series', '1,8,run']);
    expect(page)
      .to.include('href="plots/loss-by-round.svg" download')
      .and.include('href="plots/loss-by-round.csv" download')
      .and.include('data-png="loss-by-round.png"');
    const places = ['What was seen.', 'Held-out loss by round.', 'Who has what.'].map((caption) =>
      page.indexOf(caption),
    );
    expect(places)
      .to.deep.equal(places.toSorted((a, b) => a - b))
      .and.not.to.include(-1);
  });

  it('a run that stopped before its first round still has a page', async () => {
    const page = await pageOf(RunDirectory.create({ root: folder(), scenarioName: 'tiny', scenario: {} }));
    expect(page).to.contain('<b>–</b><span>final loss</span>').and.not.to.contain('<svg');
  });
});

describe('SweepDirectory and writeSweepReport', () => {
  it('one directory a point, index.csv and index.json above them, and a page that links and compares', async () => {
    const sweep = SweepDirectory.create({ root: folder(), sweepName: 'skew', sweep: {} });
    const runs = [0.1, 10].map((alpha, i) => {
      const point = sweep.createPoint(i, `alpha=${alpha}`, { alpha });
      point.close();
      const results = { finalLoss: i === 0 ? NaN : 0.25 };
      const directory = point.path.slice(sweep.path.length + 1);
      sweep.addPoint({ directory, settings: { alpha }, valid: i === 1, results, stateDigest: 'ab' });
      const row = { accuracy: null, bytesUp: 1, bytesDown: 1, bytesPeer: 0, simulatedMs: 1, wallMs: 1, extra: {} };
      return { name: `alpha = ${alpha}`, rows: [1, 2].map((round) => ({ round, loss: alpha / round, ...row })) };
    });
    expect(readdirSync(sweep.path)).to.include.members(['point-000-alpha=0.1', 'point-001-alpha=10']);
    expect(parse(readFileSync(join(sweep.path, 'index.csv'), 'utf8'))).to.deep.equal([
      ['directory', 'alpha', 'valid', 'finalLoss', 'stateDigest'],
      ['point-000-alpha=0.1', '0.1', 'false', 'NaN', 'ab'],
      ['point-001-alpha=10', '10', 'true', '0.25', 'ab'],
    ]);
    const index = JSON.parse(readFileSync(join(sweep.path, 'index.json'), 'utf8'));
    expect(index.points.map((point: { results: unknown }) => point.results)).to.deep.equal([
      { finalLoss: 'NaN' },
      { finalLoss: 0.25 },
    ]);
    const path = await writeSweepReport(sweep, { title: 'Skew', verdict: { valid: true, expectations: [] }, runs });
    const page = readFileSync(path, 'utf8');
    expect(page).to.contain('href="point-001-alpha%3D10/report.html"').and.to.contain('alpha = 0.1</text>');
    expect(existsSync(join(sweep.path, 'plots', 'loss-by-round.svg'))).to.equal(true);
  });
});

describe('units', () => {
  it('numbers, bytes and times are written short', () => {
    expect([1234567, -0.25, 1 / 3, 1.23456e-7, NaN, -Infinity, null, 0].map(numberText)).to.deep.equal([
      '1,234,567',
      '−0.25',
      '0.33333',
      '1.23e-7',
      'NaN',
      '−Infinity',
      '–',
      '0',
    ]);
    expect([0, 999, 1000, 75_360_000].map(bytesText)).to.deep.equal(['0 B', '999 B', '1 kB', '75.36 MB']);
    expect([0.5, 1500, 90_000, 7.2e6].map(timeText)).to.deep.equal(['0.5 ms', '1.5 s', '1.5 min', '2 h']);
  });
});
