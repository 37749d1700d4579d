/** The point of the simplex (entries of at least 0 whose sum is 1) that is nearest to `values`. */
export function projectToSimplex(values: ArrayLike<number>): Float64Array {
  const descending = Float64Array.from(values).sort().reverse();
  let sum = 0;
  let shift = 0;
  for (let k = 0; k < descending.length; k++) {
    sum += descending[k]!;
    const candidate = (sum - 1) / (k + 1);
    if (descending[k]! > candidate) shift = candidate;
  }
  return Float64Array.from(values, (value) => Math.max(0, value - shift));
}
