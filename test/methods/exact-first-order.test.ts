import { expect } from 'chai';
import type { Vector } from '../../protocol/method.js';
import { combination, finalOf, gradientsAt, largestDifferenceOfAll, mixed, runPeers } from '../support/peer-run.js';

interface Peer {
  readonly x: Vector;
}
type Vectors = readonly (Vector | Float64Array)[];

const STEP = 0.05;

/** sum of the terms, peer by peer. */
function sums(...terms: readonly (readonly [number, Vectors])[]): Vectors {
  return terms[0]![1].map((_, i) => combination(...terms.map(([factor, vectors]) => [factor, vectors[i]!] as const)));
}

const half = (mixing: readonly Float64Array[]) =>
  mixing.map((row, i) => row.map((weight, j) => (weight + (i === j ? 1 : 0)) / 2));

/** x^{t+1} from x^t, x^{t-1}, their gradients and W, as the papers write them; null `old`: the first step. */
const recursions: Readonly<
  Record<
    string,
    (w: readonly Float64Array[], x: Vectors, g: Vectors, old: { x: Vectors; g: Vectors } | null) => Vectors
  >
> = {
  d2: (w, x, g, old) =>
    old ? mixed(w, sums([2, x], [-1, old.x], [-STEP, g], [STEP, old.g])) : mixed(w, sums([1, x], [-STEP, g])),
  'exact-diffusion': (w, x, g, old) => recursions.d2!(half(w), x, g, old),
  extra: (w, x, g, old) =>
    old
      ? sums([1, x], [1, mixed(w, x)], [-1, mixed(half(w), old.x)], [-STEP, g], [STEP, old.g])
      : sums([1, mixed(w, x)], [-STEP, g]),
};

for (const [name, recursion] of Object.entries(recursions))
  describe(name, () => {
    // D2 needs eigenvalues above -1/3: the even ring with weights 1/3 has one that is exactly there.
    const topology = { name: 'ring', lazy: name === 'd2' };

    it('follows its recursion in matrix form for 10 rounds, to 1e-12', async () => {
      let old: { x: Vectors; g: Vectors } | null = null;
      await runPeers<Peer>(
        { method: { name, stepSize: STEP }, topology, rounds: 10 },
        {
          watch({ before, states, mixing }, workshop) {
            const x = before.map((state) => state.x);
            const g = gradientsAt(workshop, x);
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
  });
