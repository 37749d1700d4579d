import { CLIENT_FIGURES, clientColumn } from '../../protocol/scenario/client-figures.js';
import type { MetricsRow } from '../run-directory/metrics.js';
import { type Axis, channel, type Figure, inFileName, linePlot, PLOT_HEIGHT, PLOT_WIDTH, scaleFor } from './plots.js';

/** Pictures of single clients' figures: how they spread by round, and at the end. */

const BINS = 20;

function isShare(name: string): boolean {
  return name !== 'loss' && CLIENT_FIGURES.some((one) => one === name);
}

/** The clients' median in a band from the 10th to the 90th percentile, and the mean of the worst tenth, by round. `own`: further figures. */
export function clientBands(rows: readonly MetricsRow[], own: readonly string[] = []): Figure[] {
  return [...CLIENT_FIGURES, ...own].flatMap((of) => {
    const points = rows.flatMap(({ round, extra }) => {
      const [y, low, high, worst] = ['Median', 'P10', 'P90', 'WorstDecile'].map(
        (over) => extra[clientColumn(of, over)],
      );
      return y === undefined ? [] : [{ x: round, y, low: low!, high: high!, worst: worst! }];
    });
    if (points.length < 2) return [];
    const series = [
      { name: 'median, 10th to 90th percentile', points },
      { name: 'worst tenth, mean', points: points.map(({ x, worst }) => ({ x, y: worst })) },
    ];
    const values = points.flatMap(({ low, high, worst }) => [low, high, worst]);
    const y: Axis = {
      title: `${of} of a client`,
      ...(isShare(of) ? { format: '.0%' } : { scale: scaleFor(values) }),
    };
    const caption = `Each client's ${of}${own.includes(of) ? '' : ' on its own examples'}, by round.`;
    return [
      {
        name: `client-${inFileName(of)}-by-round`,
        caption,
        spec: linePlot(series, { title: 'round', format: 'd' }, y),
      },
    ];
  });
}

/** How many clients have which value, in the last round that was evaluated. */
export function clientDistributions(
  last: ReadonlyMap<string, ReadonlyMap<number, number>>,
  own: readonly string[] = [],
): Figure[] {
  return [...CLIENT_FIGURES, ...own].flatMap((of) => {
    const values = [...(last.get(of)?.values() ?? [])].filter(Number.isFinite);
    if (values.length < 2) return [];
    const where = own.includes(of)
      ? 'in the last round that has it'
      : 'on their own examples, after the last evaluation';
    const caption = `${values.length} clients by their ${of} ${where}.`;
    return [
      {
        name: `client-${inFileName(of)}-distribution`,
        caption,
        spec: histogram(values, `${of} of a client`, isShare(of)),
      },
    ];
  });
}

function histogram(values: readonly number[], title: string, inPercent: boolean): Figure['spec'] {
  const [low, high] = [Math.min(...values), Math.max(...values)];
  const width = (high - low) / BINS || 1 / BINS;
  const counts = new Array<number>(BINS).fill(0);
  for (const value of values) counts[Math.min(BINS - 1, Math.floor((value - low) / width))]!++;
  const bins = counts.map((clients, bin) => ({ x: low + bin * width, to: low + (bin + 1) * width, clients }));
  return {
    width: PLOT_WIDTH,
    height: PLOT_HEIGHT,
    data: { values: bins },
    mark: { type: 'bar' },
    encoding: {
      x: { ...channel('x', { title, ...(inPercent && { format: '.0%' }) }), bin: 'binned' },
      x2: { field: 'to' },
      y: { ...channel('clients', { title: 'clients', format: 'd', domain: [0, Math.max(...counts)] }) },
    },
  };
}
