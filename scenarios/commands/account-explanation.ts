import type { AccountAnswer } from '../../protocol/privacy/accounting/account.js';

/** The lines of `gradswarm account --explain`: every bound, the lower bound, the gap, and what the loss distribution left out. */
export function explanation({ proven, epsilon }: AccountAnswer, delta: number): string {
  if (proven === undefined) return '  one accountant only applies here\n';
  const rows: [string, string][] = proven.bounds.map(({ method, epsilon: bound, order }) => [
    method,
    `${bound}${order === null ? '' : ` (order ${order})`}`,
  ]);
  const { lossDistribution } = proven;
  if (proven.lowerEpsilon > 0 || epsilon === 0) {
    rows.push(['lower bound', `${proven.lowerEpsilon}`]);
    rows.push(['gap', `${(epsilon - proven.lowerEpsilon).toPrecision(3)}`]);
  } else rows.push(['lower bound', 'none is known']);
  if (lossDistribution !== null && lossDistribution.gridSpacing > 0) {
    rows.push(['grid of losses', `spacing 2^${Math.log2(lossDistribution.gridSpacing)}`]);
    rows.push(['in delta', `${share(lossDistribution.truncatedDelta, delta)} for losses cut off as infinite`]);
    rows.push(['in delta', `${share(lossDistribution.transformNoise, delta)} for rounding of the transform`]);
  }
  return rows.map(([name, text]) => `  ${name.padEnd(18)} ${text}\n`).join('');
}

function share(part: number, delta: number): string {
  return `${part.toPrecision(2)} (${((100 * part) / delta).toPrecision(2)} %)`;
}
