import { expect } from 'chai';
import type { Vector } from '../../protocol/method.js';
import { combination, gradientsAt, largestDifference, meanVector } from './peer-vectors.js';
import { runPeers } from './tiny-run.js';

export const STEP = 0.05;
export const topTwoOfFive = { codec: { name: 'top-k', fraction: 0.4 } };

export interface Iterate {
  readonly x: Vector;
}
export const meanX = (states: readonly Iterate[]) => meanVector(states.map(({ x }) => x));

/** mean x moves by -step times the mean gradient at the old iterates, whatever compression leaves out. */
export function meanFollowsMeanGradient(
  method: { readonly name: string },
  codecs: object,
  topology: string,
): Promise<unknown> {
  return runPeers<Iterate>(
    { method: { stepSize: STEP, ...method }, codecs: codecs as never, topology, rounds: 40 },
    {
      watch({ before, states }, problem) {
        const gradient = meanVector(
          gradientsAt(
            problem,
            before.map(({ x }) => x),
          ),
        );
        const expected = combination([1, meanX(before)], [-STEP, gradient]);
        expect(largestDifference(meanX(states), expected)).to.be.lessThan(1e-13);
      },
    },
  );
}
