import { expect } from 'chai';
import { parse, View } from 'vega';
import { compile } from 'vega-lite';
import {
  autocorrelationSpec,
  autocorrelations,
  ellipse,
  pairSpec,
  traceSpec,
  type VegaLiteSpec,
} from '../../../coordinator/report/chain-plots.js';
import { squaredMahalanobis } from '../../../protocol/bayesian/distances.js';
import { rootStream } from '../../../protocol/numerics/random.js';

const law = { mean: Float64Array.of(3, -1, 7), covariance: Float64Array.of(4, 0.1, 1, 0.1, 1, 0, 1, 0, 2) };
const draws = [0, 1].map((c) => {
  const rng = rootStream(3, 'float64').derive('chain', c);
  return Array.from({ length: 40 }, () => Float64Array.from(rng.normal(3), (z, i) => law.mean[i]! + z));
});

/** Compiles and draws; a warning of the compiler is a failure. */
async function svgOf(spec: VegaLiteSpec): Promise<string> {
  const warnings: unknown[] = [];
  const note = (...all: unknown[]) => {
    warnings.push(all);
    return logger;
  };
  const logger: Record<string, unknown> = {
    level: () => logger,
    error: note,
    warn: note,
    info: () => logger,
    debug: () => logger,
  };
  const { spec: compiled } = compile(spec as never, { logger: logger as never });
  expect(warnings).to.deep.equal([]);
  return await new View(parse(compiled), { renderer: 'none' }).toSVG();
}

describe('coordinator/run-directory/chain-plots', () => {
  it('trace, autocorrelation and pair plots compile without a warning and draw one mark a chain', async () => {
    const trace = await svgOf(traceSpec(draws, 1, { title: 'trace', truth: -1 }));
    expect(trace.match(/mark-line role-mark/g)?.length).to.equal(2);
    expect(trace).to.include('mark-rule role-mark');
    const lags = await svgOf(autocorrelationSpec(draws, 0, { title: 'autocorrelation', maxLag: 5 }));
    expect(lags.match(/aria-roledescription="point"/g)?.length).to.equal(12);
    const pairs = await svgOf(pairSpec(draws, [0, 2], { title: 'pairs', reference: law }));
    expect(pairs.match(/aria-roledescription="point"/g)?.length).to.equal(80);
    expect(pairs.match(/mark-line role-mark/g)?.length).to.equal(1);
  });

  it('without a truth or reference there is one layer only, and long chains are thinned to 8,000 points', () => {
    expect(traceSpec(draws, 1, { title: 't' }).layer).to.have.length(1);
    expect(pairSpec(draws, [0, 1], { title: 'p' }).layer).to.have.length(1);
    const long = [Array.from({ length: 20_001 }, (_, n) => Float64Array.of(n, 0))];
    const [points] = pairSpec(long, [0, 1], { title: 'p' }).layer as [{ data: { values: unknown[] } }];
    expect(points.data.values).to.have.length(6667);
  });

  it('autocorrelations of 1, 2, 3, 4 are 1, 1/4, -3/10, -9/20; of a constant 1, 0', () => {
    const found = autocorrelations(Float64Array.of(1, 2, 3, 4), 10);
    for (const [lag, expected] of [1, 0.25, -0.3, -0.45].entries()) expect(found[lag]).to.be.closeTo(expected, 1e-15);
    expect([...autocorrelations(new Float64Array(5).fill(2), 1)]).to.deep.equal([1, 0]);
  });

  it('every point of the ellipse has Mahalanobis distance 2 from the mean, and it closes', () => {
    const flat = { mean: Float64Array.of(3, -1), covariance: Float64Array.of(4, 0.9, 0.9, 1) };
    const outline = ellipse(flat, 2);
    for (const { x, y } of outline) expect(squaredMahalanobis([x, y], flat)).to.be.closeTo(4, 1e-12);
    expect(outline.at(-1)).to.deep.equal(outline[0]);
  });

  it('the reference of a pair is the marginal of its two parameters: widest at 2.4477 deviations', () => {
    const [, curve] = pairSpec(draws, [2, 0], { title: 'p', reference: law }).layer as [
      unknown,
      { data: { values: { x: number; y: number }[] } },
    ];
    const widest = Math.max(...curve.data.values.map(({ x }) => x));
    expect(widest).to.be.closeTo(7 + 2.4477 * Math.sqrt(2), 1e-3);
    const highest = Math.max(...curve.data.values.map(({ y }) => y));
    expect(highest).to.be.closeTo(3 + 2.4477 * 2, 5e-3);
  });
});
