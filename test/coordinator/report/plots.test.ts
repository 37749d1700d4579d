import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { seedBands } from '../../../coordinator/report/comparison-plots.js';
import { graphPicture } from '../../../coordinator/report/graph-picture.js';
import {
  type CurvePoint,
  decimate,
  inlineSvg,
  linePlot,
  type PlotSpec,
  renderSvg,
  scaleFor,
  writeFigure,
} from '../../../coordinator/report/plots.js';
import { comparisonFigures, runFigures } from '../../../coordinator/report/run-plots.js';
import type { MetricsRow } from '../../../coordinator/run-directory/metrics.js';
import { temporaryFolder } from '../run-directory/temporary-folder.js';
import { xmlFault } from '../run-directory/well-formed.js';

const folder = temporaryFolder();

function rows(count: number, loss: (round: number) => number | null, over: Partial<MetricsRow> = {}): MetricsRow[] {
  return Array.from({ length: count }, (_, i) => ({
    round: i + 1,
    loss: loss(i + 1),
    accuracy: null,
    bytesUp: 1e6,
    bytesDown: 2e6,
    bytesPeer: 0,
    simulatedMs: 1000 * (i + 1),
    wallMs: i,
    extra: {},
    ...over,
  }));
}

function values(spec: PlotSpec): { x: number; y: number; low?: number; high?: number; series: string }[] {
  return (spec as { data: { values: never[] } }).data.values;
}

/** The y coordinates, in pixels, of every line mark's path. */
function linePaths(svg: string): number[][] {
  const marks = [...svg.matchAll(/aria-roledescription="line mark"[^>]*? d="([^"]*)"/g)];
  return marks.map(([, path]) => [...path!.matchAll(/,(-?[\d.]+)/g)].map(([, y]) => Number(y)));
}

describe('runFigures', () => {
  it('a number that each run measured once is no picture, whatever its abscissa', () => {
    const once = rows(3, (round) => (round === 3 ? 1 : null), { extra: {} });
    once[0] = { ...once[0]!, extra: { modeSlope: 2 } };
    expect(runFigures(once).map(({ name }) => name)).to.deep.equal(['bytes-by-round']);
    const longer = rows(4, (round) => (round === 4 ? 1 : null), { bytesUp: 5e6 });
    const names = (runs: readonly MetricsRow[][]) =>
      comparisonFigures(runs.map((run, i) => ({ name: `${i}`, rows: run }))).map(({ name }) => name);
    expect(names([once, longer])).to.deep.equal([]);
    expect(names([once, rows(3, () => 1)])).to.include('loss-by-round');
  });

  it('draws loss by round, bytes and simulated time, bytes by round, and every further number, all well-formed', async () => {
    const run = rows(20, (round) => 1 / round, { accuracy: 0.5 });
    const withExtra = run.map((row) => ({ ...row, extra: { 'norm/a': row.round, 'norm/b': 2, drift: 3 } }));
    const figures = runFigures(withExtra);
    expect(figures.map(({ name }) => name)).to.deep.equal([
      'loss-by-round',
      'loss-by-bytes',
      'loss-by-simulated-time',
      'accuracy-by-round',
      'accuracy-by-bytes',
      'accuracy-by-simulated-time',
      'bytes-by-round',
      'metric-norm',
      'metric-drift',
    ]);
    for (const { spec } of figures) expect(xmlFault(await renderSvg(spec))).to.equal(null);
  });

  it('bytes on the axis are all three directions, summed over rounds, in the unit that its title names', () => {
    const run = rows(4, () => 1, { bytesPeer: 500_000 });
    const figure = runFigures(run).find(({ name }) => name === 'loss-by-bytes')!;
    expect(values(figure.spec).map(({ x }) => x)).to.deep.equal([3.5, 7, 10.5, 14]);
    expect(JSON.stringify(figure.spec)).to.contain('bytes sent so far, all directions (MB)');
  });

  it('the axis of three rounds names each once: 1, 2, 3', async () => {
    const svg = await renderSvg(runFigures(rows(3, (round) => 1 / round))[0]!.spec);
    const [axis] = svg.split('role-axis-label').slice(1);
    expect([...axis!.matchAll(/>(\d+)<\/text>/g)].map(([, label]) => label)).to.deep.equal(['1', '2', '3']);
  });

  it('rounds without evaluation are bridged, NaN and infinities are left out and counted in the caption', () => {
    const losses = [4, null, NaN, 1, Infinity];
    const figure = runFigures(rows(5, (round) => losses[round - 1]!))[0]!;
    expect(values(figure.spec).map(({ x, y }) => [x, y])).to.deep.equal([
      [1, 4],
      [4, 1],
    ]);
    expect(figure.caption).to.contain('2 rounds with NaN or an infinity');
  });

  it('a single round, no round at all, only NaN, and a constant zero give pictures or nothing, never an error', async () => {
    const runs = [rows(1, () => 2), [], rows(3, () => NaN), rows(3, () => 0), rows(3, () => -5)];
    for (const run of runs) {
      for (const { spec } of runFigures(run)) {
        const svg = await renderSvg(spec);
        expect(xmlFault(svg)).to.equal(null);
        expect(svg).not.to.contain('NaN');
      }
    }
    expect(runFigures([])).to.deep.equal([]);
    expect(runFigures(rows(3, () => NaN)).map(({ name }) => name)).to.deep.equal(['bytes-by-round']);
  });

  it('500 names of one group are 16 curves, and 40 groups 24 pictures, and the captions say so', () => {
    const names = Array.from({ length: 500 }, (_, i) => `loss of client/${i}`);
    const many = Array.from({ length: 40 }, (_, i) => `m${i}`);
    const extra = Object.fromEntries([...names, ...many].map((name) => [name, 1]));
    const figures = runFigures(rows(2, () => null, { extra })).filter(({ name }) => name.startsWith('metric-'));
    expect(figures).to.have.length(24);
    expect(new Set(values(figures[0]!.spec).map(({ series }) => series)).size).to.equal(16);
    expect(figures[0]!.caption).to.contain('16 of 500');
    expect(figures[23]!.caption).to.contain('17 more are in metrics.csv');
  });

  it('the loss is drawn where it belongs: a falling loss falls on the page', async () => {
    const [path] = linePaths(await renderSvg(runFigures(rows(10, (round) => 2 ** -round))[0]!.spec));
    expect(path).to.have.length(10);
    // Halving on a logarithmic axis: equal steps down the page.
    const steps = path!.slice(1).map((y, i) => y - path![i]!);
    for (const step of steps) expect(step).to.be.closeTo(300 / 9, 0.1);
  });
});

describe('comparisonFigures', () => {
  it('has one line a run and names them in the legend, escaped', async () => {
    const runs = ['fedavg', 'a < b & "c"', 'third'].map((name, i) => ({ name, rows: rows(5, (r) => r + i) }));
    const svg = await renderSvg(comparisonFigures(runs)[0]!.spec);
    expect(xmlFault(svg)).to.equal(null);
    expect(linePaths(svg)).to.have.length(3);
    for (const name of ['fedavg', 'third', 'a &lt; b &amp; "c"']) expect(svg).to.contain(`>${name}</text>`);
    expect(svg).not.to.contain('a < b');
  });

  it('nine runs, more than there are colours, differ in colour or in dash', async () => {
    const runs = Array.from({ length: 9 }, (_, i) => ({ name: `run ${i}`, rows: rows(3, (r) => r + i) }));
    const svg = await renderSvg(comparisonFigures(runs)[0]!.spec);
    const looks = [...svg.matchAll(/<path [^>]*aria-roledescription="line mark"[^>]*>/g)].map(([mark]) =>
      [/stroke="[^"]*"/.exec(mark)?.[0], /stroke-dasharray="[^"]*"/.exec(mark)?.[0]].join(),
    );
    expect(new Set(looks).size).to.equal(9);
  });
});

describe('seedBands', () => {
  it('is the mean over seeds 1, 2, 6 in a band from 1 to 6, and leaves out a round that one seed lacks', () => {
    const runs = [1, 2, 6].map((loss) => rows(3, (round) => (loss === 6 && round === 3 ? null : loss)));
    const spec = seedBands([{ name: 'g', runs }], (row) => row.loss, { title: 'loss' })!;
    const expected = [1, 2].map((x) => ({ x, y: 3, low: 1, high: 6, series: 'g' }));
    expect(values(spec)).to.deep.equal(expected);
  });

  it('draws an area and a line a group', async () => {
    const groups = ['a', 'b'].map((name, i) => ({ name, runs: [1, 3].map((loss) => rows(4, (r) => r * loss + i)) }));
    const svg = await renderSvg(seedBands(groups, (row) => row.loss, { title: 'loss' })!);
    expect(xmlFault(svg)).to.equal(null);
    expect(svg.match(/aria-roledescription="area mark"/g)).to.have.length(2);
    expect(linePaths(svg)).to.have.length(2);
  });
});

describe('graphPicture', () => {
  it('a ring of 5 has 5 nodes and 5 edges; loops are not drawn; directed edges get a triangle each', async () => {
    const edges = [0, 1, 2, 3, 4].flatMap((i): [number, number][] => [
      [i, (i + 1) % 5],
      [i, i],
    ]);
    const plain = await renderSvg(graphPicture(5, edges));
    expect(plain.match(/aria-roledescription="rule mark"/g)).to.have.length(5);
    expect(plain.match(/aria-roledescription="circle"/g)).to.have.length(5);
    expect(plain.match(/aria-roledescription="point"/g)).to.equal(null);
    const directed = await renderSvg(graphPicture(5, edges, true));
    expect(directed.match(/aria-roledescription="point"/g)).to.have.length(5);
    expect(xmlFault(directed)).to.equal(null);
  });
});

describe('plots', () => {
  it('20,000 points become at most 801, with the first, the last, the highest and the lowest among them, in order', () => {
    const points: CurvePoint[] = Array.from({ length: 20_000 }, (_, x) => ({ x, y: Math.sin(x) }));
    points[12_345] = { x: 12_345, y: 50 };
    points[777] = { x: 777, y: -50 };
    const kept = decimate(points);
    expect(kept.length).to.be.within(500, 801);
    expect(kept).to.include.members([points[0], points[777], points[12_345], points[19_999]]);
    const ascending = [...kept].sort((a, b) => a.x - b.x);
    expect(kept).to.deep.equal(ascending);
    expect(new Set(kept).size).to.equal(kept.length);
    expect(decimate(points.slice(0, 800))).to.have.length(800);
  });

  it('an axis is logarithmic only for positive values over a factor of more than 30', () => {
    expect(scaleFor([1, 31, NaN, Infinity])).to.equal('log');
    expect(scaleFor([1, 29])).to.equal('linear');
    expect(scaleFor([0, 1, 1000])).to.equal('linear');
    expect(scaleFor([])).to.equal('linear');
  });

  it('two pictures on one page share no id, and every reference has its target', async () => {
    const spec = linePlot(
      [
        {
          name: 'a',
          points: [
            { x: 1, y: 2 },
            { x: 2, y: 3 },
          ],
        },
      ],
      { title: 'x' },
      { title: 'y' },
    );
    const svg = await renderSvg(spec);
    const [one, two] = ['one', 'two'].map((prefix) => inlineSvg(svg, prefix));
    const ids = (text: string) => [...text.matchAll(/\bid="([^"]+)"/g)].map(([, id]) => id!);
    expect(ids(one!)).to.have.length.above(0);
    expect(ids(one!).filter((id) => ids(two!).includes(id))).to.deep.equal([]);
    for (const [, target] of one!.matchAll(/url\(#([^)]+)\)/g)) expect(ids(one!)).to.include(target!);
  });

  it('a file of its own stands on white paper', async () => {
    const figure = { name: 'ring', caption: '', spec: graphPicture(3, [[0, 1]]) };
    await writeFigure(folder(), figure);
    const svg = readFileSync(join(folder(), 'plots', 'ring.svg'), 'utf8');
    expect(svg).to.match(/^<svg style="background:#fff;/);
    expect(xmlFault(svg)).to.equal(null);
  });

  it('the check for well-formed SVG finds a bare &, a bare <, an open element and a crossed one', () => {
    const faults = [
      '<svg>a & b</svg>',
      '<svg>a < b</svg>',
      '<svg><g></svg>',
      '<svg><a><b></a></b></svg>',
      '<svg x=1/>',
    ];
    for (const fault of faults) expect(xmlFault(fault)).to.be.a('string');
    expect(xmlFault('<svg a="1"><g/>x &amp; y</svg>')).to.equal(null);
  });
});
