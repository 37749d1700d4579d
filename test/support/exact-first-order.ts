import { expect } from 'chai';
import type { Vector } from '../../protocol/method.js';
import { combination, finalOf, gradientsAt, largestDifferenceOfAll } from './peer-vectors.js';
import { runPeers } from './tiny-run.js';

interface Peer {
  readonly x: Vector;
}
export type Vectors = readonly (Vector | Float64Array)[];

export const STEP = 0.05;

/** sum of the terms, peer by peer. */
export function sums(...terms: readonly (readonly [number, Vectors])[]): Vectors {
  return terms[0]![1].map((_, i) => combination(...terms.map(([factor, vectors]) => [factor, vectors[i]!] as const)));
}

/** W with half of each peer's weight kept: (I + W) / 2. */
export function lazy(mixing: readonly Float64Array[]): readonly Float64Array[] {
  return mixing.map((row, i) => row.map((weight, j) => (weight + (i === j ? 1 : 0)) / 2));
}

/** x^{t+1} from W, x^t and its gradients, and those of the round before, as a paper writes it; null `old`: the first step. */
export type Recursion = (
  w: readonly Float64Array[],
  x: Vectors,
  g: Vectors,
  old: { readonly x: Vectors; readonly g: Vectors } | null,
) => Vectors;

/** What every exact method that sends one vector a round must show. */
export function exactFirstOrderClaims(
  name: string,
  topology: { name: string; lazy: boolean },
  recursion: Recursion,
): void {
  it('follows its recursion in matrix form for 10 rounds, to 1e-12', async () => {
    let old: Parameters<Recursion>[3] = null;
    await runPeers<Peer>(
      { method: { name, stepSize: STEP }, topology, rounds: 10 },
      {
        watch({ before, states, mixing }, problem) {
          const x = before.map((state) => state.x);
          const g = gradientsAt(problem, x);
          const expected = recursion(mixing, x, g, old);
          expect(
            largestDifferenceOfAll(
              states.map((state) => state.x),
              expected,
            ),
          ).to.be.lessThan(1e-12);
          old = { x, g };
        },
      },
    );
  });

  it('is exact with a constant step: mean squared error below 1e-18 after 1200 rounds', async () => {
    const run = await runPeers({ method: { name, stepSize: STEP }, topology, rounds: 1200 });
    expect(finalOf(run, 'meanSquaredError')).to.be.lessThan(1e-18);
  });
}
