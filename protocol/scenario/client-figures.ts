/** Figures of single clients that are summarised over all of them, in metrics.csv's columns. */
export const CLIENT_FIGURES = ['loss', 'accuracy', 'precision', 'recall', 'f1'] as const;

/** What is summarised: mean, percentiles, the worst client, the mean of the worst tenth. */
const OVER_CLIENTS = ['Mean', 'P10', 'Median', 'P90', 'Worst', 'WorstDecile'] as const;

/** The columns of metrics.csv: `clientLossMean`, …, `clientF1WorstDecile`. */
export const CLIENT_SERIES: readonly string[] = CLIENT_FIGURES.flatMap((name) =>
  OVER_CLIENTS.map((over) => clientColumn(name, over)),
);

/** 'loss' and 'P10': `clientLossP10`. */
export function clientColumn(figure: string, over: string): string {
  return `client${figure[0]!.toUpperCase()}${figure.slice(1)}${over}`;
}

/** The columns of figures of one's own. */
export function ownClientSeries(figures: readonly { readonly of: string }[]): readonly string[] {
  return figures.flatMap(({ of }) => OVER_CLIENTS.map((over) => clientColumn(of, over)));
}
