import { expect } from 'chai';
import { parse, View } from 'vega';
import { compile, type TopLevelSpec } from 'vega-lite';
import { partitionPlot } from '../../../coordinator/report/partition-plot.js';

const names = (count: number) => Array.from({ length: count }, (_, k) => `class ${k}`);

/** clients x classes: client i holds i + 1 of class i mod K, and 0 of the others. */
const oneClassEach = (clients: number, classes: number) =>
  Array.from({ length: clients }, (_, i) => Array.from({ length: classes }, (_, k) => (k === i % classes ? i + 1 : 0)));

const svgOf = (spec: object) => new View(parse(compile(spec as TopLevelSpec).spec), { renderer: 'none' }).toSVG();

const valuesOf = (spec: Record<string, unknown>) =>
  (spec.data as { values: { column: number; class: string; examples: number }[] }).values;

describe('coordinator/run-directory/partition-plot', () => {
  it('5 clients x 3 classes become stacked bars, every count once, and render to SVG with each class in the legend', async () => {
    const histogram = oneClassEach(5, 3);
    const spec = partitionPlot(histogram, names(3));
    expect(spec.mark).to.equal('bar');
    expect(valuesOf(spec).reduce((sum, value) => sum + value.examples, 0)).to.equal(1 + 2 + 3 + 4 + 5);
    const svg = await svgOf(spec);
    for (const name of names(3)) expect(svg).to.contain(`>${name}<`);
  });

  it('1,000 clients x 10 classes become a heat map of 200 columns in blocks of one class, and render in less than 1 MB', async () => {
    const spec = partitionPlot(oneClassEach(1000, 10), names(10));
    expect(spec.mark).to.equal('rect');
    const values = valuesOf(spec);
    expect(values.length).to.equal(200 * 10);
    // Five clients a column: totals are kept.
    expect(values.reduce((sum, value) => sum + 5 * value.examples, 0)).to.equal((1000 * 1001) / 2);
    for (const { column, class: name, examples } of values)
      expect(examples > 0, `column ${column}, ${name}`).to.equal(name === `class ${Math.floor(column / 20)}`);
    const svg = await svgOf(spec);
    expect(svg).to.contain('1000 clients');
    expect(svg.length).to.be.below(1e6);
  });

  it('few clients with 51 classes are a heat map too (no palette has 51 colours)', async () => {
    const spec = partitionPlot(oneClassEach(43, 51), names(51));
    expect(spec.mark).to.equal('rect');
    expect(await svgOf(spec)).to.contain('>class 50<');
  });

  it('a row that is too short is refused with the client and both numbers', () => {
    expect(() => partitionPlot([[1, 2], [3]], names(2))).to.throw(RangeError, /client 1: expected 2 .* got 1/);
  });
});
