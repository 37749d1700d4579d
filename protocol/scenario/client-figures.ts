/** Figures of single clients that are summarised over all of them, in metrics.csv's columns. */
export const CLIENT_FIGURES = ['loss', 'accuracy', 'precision', 'recall', 'f1'] as const;

/** What is summarised: mean, percentiles, the worst client, the mean of the worst tenth. */
const OVER_CLIENTS = ['Mean', 'P10', 'Median', 'P90', 'Worst', 'WorstDecile'] as const;

/** The columns of metrics.csv: `clientLossMean`, …, `clientF1WorstDecile`. */
export const CLIENT_SERIES: readonly string[] = CLIENT_FIGURES.flatMap((name) =>
  OVER_CLIENTS.map((over) => `client${name[0]!.toUpperCase()}${name.slice(1)}${over}`),
);
