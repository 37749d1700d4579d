/** FedCE's contribution weights: shares of the clients, from how they differ from the others and how little the others know of their data. */

/** The least share, of each score and of the weights, before they are made to sum to 1 again. */
const FLOOR = 1e-3;

/** To sum 1; equal where all are 0. */
function normalised(values: readonly number[]): number[] {
  const sum = values.reduce((total, value) => total + value, 0);
  return values.map((value) => (sum > 0 ? value / sum : 1 / values.length));
}

/**
 * Shares of sum 1. `distances`: 1 - cosine of a client's update with that of the others, at least 0. `errors`: of the model without the
 * client on its data, at least 0. 'times' and 'plus' combine their floored shares.
 */
export function contributions(
  distances: readonly number[],
  errors: readonly number[],
  combine: 'times' | 'plus',
): number[] {
  const [a, e] = [distances, errors].map((scores) => normalised(scores).map((share) => Math.max(FLOOR, share))) as [
    number[],
    number[],
  ];
  const combined = normalised(a.map((share, i) => (combine === 'times' ? share * e[i]! : share + e[i]!)));
  return normalised(combined.map((share) => Math.max(FLOOR, share)));
}
