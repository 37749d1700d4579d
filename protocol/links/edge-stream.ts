import type { Rng } from '../method.js';
import type { FrameAddress } from '../wire/frame.js';

/** The stream of the network model for one frame: a function of the run's root stream and the frame's address, attempt included. */
export function edgeStreamOf(streams: Rng, frame: FrameAddress, purpose: string): Rng {
  const { from, to, round, attempt, step, kindIndex } = frame;
  return streams.derive('edge', purpose, from, to, round, attempt, kindIndex, step);
}
