import { exp, expm1 } from '../../../numerics/elementary.js';
import { power } from '../../../numerics/powers.js';

/**
 * Spectral risks of n losses: sum sigma_i l_(i) over the ascending losses, with weights sigma that do not fall and sum to 1. It is the
 * largest q . l over the weights q that are convex combinations of permutations of sigma.
 */
export interface Spectrum {
  /** 'mean': 1/n each. 'cvar': the mean of the worst share 1 - level. 'extremile', 'exponential': smooth in between. */
  readonly spectrum: 'mean' | 'cvar' | 'extremile' | 'exponential';
  /** CVaR: in [0, 1). */
  readonly level: number;
  /** Extremile: the expected largest of so many losses, at least 1. */
  readonly order: number;
  /** Exponential: rho > 0. */
  readonly rate: number;
}

/** sigma_1 <= … <= sigma_n. */
export function sigmaOf({ spectrum, level, order, rate }: Spectrum, n: number): Float64Array {
  // Share of the whole weight on the losses up to the share t of them.
  const upTo = (t: number): number => {
    if (spectrum === 'cvar') return Math.max(0, t - level) / (1 - level);
    if (spectrum === 'extremile') return power(t, order);
    if (spectrum === 'exponential') return (exp(-rate) * expm1(rate * t)) / -expm1(-rate);
    return t;
  };
  return Float64Array.from({ length: n }, (_, i) => upTo((i + 1) / n) - upTo(i / n));
}

/**
 * The q that maximises q . l - (c/2) |q - 1/n|^2 over the risk's weights, in the order of `losses`; c = 0: sigma in the order of the losses,
 * equal losses sharing theirs. Pool adjacent violators.
 */
export function riskWeights(losses: ArrayLike<number>, sigma: Float64Array, c: number): Float64Array {
  const n = losses.length;
  const order = Array.from({ length: n }, (_, i) => i).sort((a, b) => losses[a]! - losses[b]! || a - b);
  // z_i = l_(i)/c + 1/n - sigma_i; without c only the order counts: blocks of equal losses.
  const uniform = (place: number) => (c === 0 ? 0 : losses[order[place]!]! / c + 1 / n);
  const blocks: { start: number; end: number; sum: number }[] = [];
  for (let place = 0; place < n; place++) {
    let block = { start: place, end: place + 1, sum: uniform(place) - sigma[place]! };
    for (let last = blocks.at(-1); last && pools(last, block); last = blocks.at(-1)) {
      block = { start: last.start, end: block.end, sum: last.sum + block.sum };
      blocks.pop();
    }
    blocks.push(block);
  }
  function pools(a: { start: number; end: number; sum: number }, b: { start: number; end: number; sum: number }) {
    if (c === 0) return losses[order[a.start]!] === losses[order[b.start]!];
    return a.sum / (a.end - a.start) >= b.sum / (b.end - b.start);
  }
  const weights = new Float64Array(n);
  for (const { start, end, sum } of blocks)
    for (let place = start; place < end; place++)
      weights[order[place]!] = Math.max(0, uniform(place) - sum / (end - start));
  return weights;
}
