/**
 * Krum's scores (Blanchard, El Mhamdi, Guerraoui, Stainer, NeurIPS 2017): for each of the `members` the sum of the squared
 * distances to its `neighbors` nearest other members. `distances`: n x n, of all vectors.
 */
export function krumScores(
  distances: Float64Array,
  n: number,
  members: readonly number[],
  neighbors: number,
): Float64Array {
  return Float64Array.from(members, (i) => {
    const others = Float64Array.from(
      members.filter((j) => j !== i),
      (j) => distances[i * n + j]!,
    ).sort();
    let sum = 0;
    for (let k = 0; k < Math.min(neighbors, others.length); k++) sum += others[k]!;
    return sum;
  });
}

/** Position in `scores` of the least one, the first of equal ones. */
export function leastOf(scores: Float64Array): number {
  let best = 0;
  for (let i = 1; i < scores.length; i++) if (scores[i]! < scores[best]!) best = i;
  return best;
}
