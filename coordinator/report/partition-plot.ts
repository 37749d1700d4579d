const MOST_BARS = 40;
const MOST_COLOURS = 20;
const MOST_COLUMNS = 200;

interface Column {
  /** Position from the left. */
  readonly column: number;
  readonly class: string;
  /** Mean examples a client. */
  readonly examples: number;
}

/** Client indices by most frequent class, then by how many examples of it, most first; ties by index. */
function orderBySimilarity(histogram: readonly (readonly number[])[]): number[] {
  const top = histogram.map((row) => row.reduce((best, count, k) => (count > row[best]! ? k : best), 0));
  return histogram
    .map((_, i) => i)
    .sort((a, b) => top[a]! - top[b]! || histogram[b]![top[b]!]! - histogram[a]![top[a]!]! || a - b);
}

function bars(histogram: readonly (readonly number[])[], classNames: readonly string[]): object {
  const values = histogram.flatMap((row, client) =>
    row.map((examples, k) => ({ client, class: classNames[k]!, order: k, examples })),
  );
  return {
    width: 600,
    height: { step: histogram.length <= 12 ? 24 : 14 },
    data: { values },
    mark: 'bar',
    encoding: {
      y: { field: 'client', type: 'ordinal', title: 'client' },
      x: { field: 'examples', type: 'quantitative', stack: 'zero', title: 'training examples' },
      color: {
        field: 'class',
        type: 'nominal',
        sort: classNames,
        scale: { scheme: classNames.length <= 10 ? 'tableau10' : 'tableau20' },
        legend: classNames.length > 1 ? { title: 'class' } : null,
      },
      order: { field: 'order', type: 'quantitative' },
    },
  };
}

/** Neighbours in the order of similarity share a column when there are more clients than columns. */
function columns(histogram: readonly (readonly number[])[], classNames: readonly string[]): Column[] {
  const order = orderBySimilarity(histogram);
  const count = Math.min(MOST_COLUMNS, order.length);
  return Array.from({ length: count }, (_, column) => {
    const members = order.slice(
      Math.floor((column * order.length) / count),
      Math.floor(((column + 1) * order.length) / count),
    );
    return classNames.map((name, k) => ({
      column,
      class: name,
      examples: members.reduce((sum, i) => sum + histogram[i]![k]!, 0) / members.length,
    }));
  }).flat();
}

function heatMap(histogram: readonly (readonly number[])[], classNames: readonly string[]): object {
  const count = Math.min(MOST_COLUMNS, histogram.length);
  const merged = count < histogram.length ? `, ${count} columns of similar clients` : '';
  return {
    width: 800,
    height: { step: classNames.length <= MOST_COLOURS ? 22 : 12 },
    data: { values: columns(histogram, classNames) },
    mark: 'rect',
    encoding: {
      x: {
        field: 'column',
        type: 'ordinal',
        axis: { labels: false, ticks: false },
        title: `${histogram.length} clients, ordered by most frequent class${merged}`,
      },
      y: { field: 'class', type: 'ordinal', sort: classNames, title: 'class' },
      color: {
        field: 'examples',
        type: 'quantitative',
        // White is exactly none: a scheme's palest colour reads as a few.
        scale: { range: ['#ffffff', '#08519c'], zero: true, interpolate: 'rgb' },
        legend: { title: count < histogram.length ? 'mean examples' : 'examples' },
      },
    },
  };
}

/**
 * Picture of who holds what, as a Vega-Lite 5 specification with its values inside. `histogram`: clients x classes counts;
 * `classNames`: one name a class. Up to 40 clients and 20 classes: one stacked bar a client. More: a heat map of classes
 * over clients, which are put in order of their most frequent class (and beyond 200 clients share columns), so that skew
 * shows as blocks. Throws RangeError where a row has another length than `classNames`.
 */
export function partitionPlot(
  histogram: readonly (readonly number[])[],
  classNames: readonly string[],
): Record<string, unknown> {
  const wrong = histogram.findIndex((row) => row.length !== classNames.length);
  if (wrong >= 0)
    throw new RangeError(
      `partition plot: client ${wrong}: expected ${classNames.length} class counts, got ${histogram[wrong]!.length}`,
    );
  const fewEnough = histogram.length <= MOST_BARS && classNames.length <= MOST_COLOURS;
  return {
    $schema: 'https://vega.github.io/schema/vega-lite/v6.json',
    title: 'Training examples by client and class',
    ...(fewEnough ? bars(histogram, classNames) : heatMap(histogram, classNames)),
  };
}
