import { expect } from 'chai';
import { endLabels } from '../../../coordinator/report/end-labels.js';
import { figureCsv } from '../../../coordinator/report/figure-data.js';
import { figureName, figureText } from '../../../coordinator/report/figure-text.js';
import { withTitles } from '../../../coordinator/report/hover.js';
import { betweenWords } from '../../../coordinator/report/run-plots.js';
import { looksOf } from '../../../coordinator/report/series-looks.js';
import { sweepTables } from '../../../coordinator/report/sweep-tables.js';

describe('sweepTables', () => {
  const point = (alpha: number, seed: number, accuracy: number, valid = true) => ({
    directory: `p-${alpha}-${seed}`,
    settings: { 'data.partition.alpha': alpha, seed },
    valid,
    results: { finalAccuracy: accuracy, bytesPeer: 0, rounds: 5, wallMs: seed },
    stateDigest: null,
  });
  const { text } = sweepTables([point(0.1, 1, 0.5), point(0.1, 2, 0.6, false), point(1, 1, 0.8), point(1, 2, 0.8)]);
  const headings = [...text.matchAll(/<th(?: [^>]*)?>([^<]*)</g)].map(([, heading]) => heading);

  it('have the verdict first, a row for each setting, and neither seeds, zeros nor the clock', () => {
    expect(headings).to.deep.equal(['verdict', 'alpha', 'final accuracy']);
    expect(text.match(/<tr><td/g)).to.have.length(2);
    expect(text).not.to.include('bytes between peers');
  });

  it('have mean and standard deviation over seeds, and how many seeds the verdict is of', () => {
    // Mean 0.55, deviation sqrt(2 * 0.05^2 / 1) = 0.0707.
    expect(text).to.include('Mean ± standard deviation over 2 seeds.').and.include('>55.0 ± 7.1 %<');
    expect(text)
      .to.match(/not valid<\/span> <small>1\/2<\/small>/)
      .and.include('>80 %<');
  });

  it('say once what is the same at all points, and link to each point', () => {
    expect(text).to.match(/The same at all points:<\/p><dl><dt>rounds<\/dt><dd>5<\/dd>/);
    expect(text.match(/href="p-[\d.]+-\d\/report\.html"/g)).to.have.length(4);
  });
});

describe('two settings of three values each', () => {
  const at = (attack: string, rule: string, accuracy: number) => ({
    directory: `${attack}-${rule}`,
    settings: { faults: attack, aggregators: rule },
    valid: true,
    results: { finalAccuracy: accuracy },
    stateDigest: null,
  });
  const values = ['a', 'b', 'c'].flatMap((attack, i) =>
    ['x', 'y', 'z'].map((rule, k) => at(attack, rule, (3 * i + k) / 10)),
  );

  it('have a table of one by the other, a row for each value of the first', () => {
    const [crossed] = sweepTables(values).text.split('verdict');
    expect(crossed).to.include('final accuracy by faults (down) and aggregators (across)');
    const cells = [...crossed!.matchAll(/<td[^>]*>([^<]*)</g)].map(([, cell]) => cell);
    expect(cells).to.deep.equal(['a', '0 %', '10 %', '20 %', 'b', '30 %', '40 %', '50 %', 'c', '60 %', '70 %', '80 %']);
  });

  it('have none where a pair was not run', () => {
    expect(sweepTables(values.slice(1)).text).not.to.include('(down)');
  });
});

describe('figures in words', () => {
  it('have their unit, and a spread with two digits', () => {
    const texts = [
      figureText('bytesUp', 1_272_320),
      figureText('simulatedMs', 30_911, 1200),
      figureText('finalAccuracy', 0.6151, 0.0427),
      figureText('finalLoss', 1e-9, 3.21e-10),
      figureText('finalLoss', 0.499905, 0.0000437),
      // Equal values, whose standard deviation came out as rounding.
      figureText('simulatedMs', 1909.2, 2.8e-13),
      figureText('finalLoss', Number.NaN, 1),
      figureText('finalLoss', null),
    ];
    expect(texts).to.deep.equal([
      ...['1.272 MB', '30.9 ± 1.2 s', '61.5 ± 4.3 %', '1e-9 ± 3.2e-10', '0.499905 ± 0.000044', '1.909 s', 'NaN', '–'],
    ]);
    expect(
      ['finalLoss', 'simulatedMs', 'rhatMax', 'data.partition.alpha'].map((name) => figureName(name)),
    ).to.deep.equal([...['final loss', 'simulated time', 'largest R-hat', 'data.partition.alpha']]);
  });
});

describe('bytes that no coordinator sees', () => {
  it('are named in a sweep by what they went between: peers, tiers, or either where points differ', () => {
    const tables = (...edgeServers: number[]) =>
      sweepTables(
        [1, 2].map((bytesPeer) => ({
          directory: `p${bytesPeer}`,
          settings: { seed: 1, bytesPeer },
          valid: true,
          results: { bytesPeer },
          stateDigest: null,
        })),
        betweenWords(...edgeServers),
      ).text;
    expect(tables(0, 0)).to.include('>bytes between peers<');
    expect(tables(4, 2)).to.include('>bytes between clients and edge servers<').and.not.include('peers');
    expect(betweenWords(0, 2)).to.equal('between clients and edge servers or between peers');
  });
});

describe('names beside lines', () => {
  const series = (...ends: number[]) =>
    ends.map((end, i) => ({
      name: `s${i}`,
      points: [
        { x: 0, y: 0 },
        { x: 1, y: end },
      ],
    }));
  const size = { width: 560, height: 300 };
  const tops = (...ends: number[]) => {
    const { values } = (
      endLabels(series(...ends), { title: 'x' }, { title: 'y' }, size)!.layer as never as {
        data: { values: { series: string; top: number }[] };
      }
    ).data;
    return values;
  };

  it('never lie on one another, keep the order of their lines and stay beside the plot', () => {
    const labels = tops(1, 1, 1, 0.99, 0);
    const places = labels.map(({ top }) => top);
    for (let i = 1; i < places.length; i++) expect(places[i]! - places[i - 1]!).to.be.at.least(15 - 1e-9);
    expect(labels.at(-1)!.series).to.equal('s4');
    expect(places[0]).to.be.at.least(0);
    expect(places.at(-1)).to.be.at.most(300);
  });

  it('are left to a legend where they are long or many', () => {
    const long = series(1, 2).map((one) => ({ ...one, name: 'x'.repeat(40) }));
    expect(endLabels(long, { title: 'x' }, { title: 'y' }, size)).to.equal(null);
    expect(endLabels(series(1, 2, 3, 4, 5, 6, 7, 8, 9), { title: 'x' }, { title: 'y' }, size)).to.equal(null);
    expect(endLabels(series(1), { title: 'x' }, { title: 'y' }, size)).to.equal(null);
  });

  it('a legend cuts no label, and forty series differ in colour or shape', () => {
    const names = Array.from({ length: 40 }, (_, i) => `a name of some length with its number ${i}`);
    const { color, shape } = looksOf(names, 560) as unknown as Record<
      'color' | 'shape',
      { scale: { range: string[] }; legend: { labelLimit: number } }
    >;
    expect(color.legend.labelLimit).to.equal(0);
    expect(new Set(color.scale.range).size).to.equal(8);
    expect(new Set(names.map((_, i) => `${color.scale.range[i]} ${shape.scale.range[i]}`)).size).to.equal(40);
  });
});

describe('a picture for the pointer and for a table', () => {
  it('a mark has its description as title, with a line for each field, entities whole', () => {
    expect(withTitles('<path aria-label="x: 1; s: a &amp; b" d="M0"/>')).to.equal(
      '<path aria-label="x: 1; s: a &amp; b" d="M0"><title>x: 1\ns: a &amp; b</title></path>',
    );
  });

  it('its numbers are CSV, those of its first part where it has none itself', () => {
    const values = [
      { x: 1, name: 'a,b' },
      { x: 2, y: null },
    ];
    expect(figureCsv({ data: { values } })).to.equal('x,name,y\n1,"a,b",\n2,,\n');
    expect(figureCsv({ layer: [{ mark: 'rule' }, { data: { values: [{ z: 3 }] } }] })).to.equal('z\n3\n');
    expect(figureCsv({ mark: 'point' })).to.equal(null);
  });
});
