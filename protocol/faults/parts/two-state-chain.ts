import type { Rng } from '../../method.js';

/**
 * A two-state Markov chain over rounds that starts from its stationary law and whose state is a pure function of (key, round).
 * With leaving probabilities a = P(first -> second) and b = P(second -> first) one uniform u a round drives both states: u < a
 * leads from the first state to the second, u >= 1 - b from the second to the first. Such a draw often leads to the same state
 * from both (coupling from the past), so the state at a round is found by walking back to the last draw that did, on average
 * 1 / min(a + b, 2 - a - b) rounds, and nothing has to be saved.
 */
export class TwoStateChain {
  /** Last answer by key: a walk need not go back beyond it. Only saves time, never changes an answer. */
  private readonly known = new Map<string, { readonly draws: Rng; round: number; second: boolean }>();

  constructor(
    private readonly leaveFirst: number,
    private readonly leaveSecond: number,
    private readonly streams: Rng,
  ) {}

  /** Long-run share of rounds in the second state: a / (a + b); 0 where neither is ever left. */
  get secondShare(): number {
    const either = this.leaveFirst + this.leaveSecond;
    return either === 0 ? 0 : this.leaveFirst / either;
  }

  inSecond(key: string, round: number): boolean {
    let last = this.known.get(key);
    if (!last) this.known.set(key, (last = { draws: this.streams.derive(key), round: -1, second: false }));
    if (last.round !== round) {
      last.second = this.stateAt(last.draws, round, last.round, last.second);
      last.round = round;
    }
    return last.second;
  }

  private stateAt(draws: Rng, round: number, knownRound: number, knownSecond: boolean): boolean {
    let flipped = false;
    for (let at = round; at > 0; at--) {
      if (at === knownRound) return knownSecond !== flipped;
      const u = draws.derive(at).uniform();
      const fromFirst = u < this.leaveFirst;
      const fromSecond = u < 1 - this.leaveSecond;
      if (fromFirst === fromSecond) return fromFirst !== flipped;
      // The draw keeps both states where they are, or swaps them.
      if (fromFirst) flipped = !flipped;
    }
    return draws.derive(0).uniform() < this.secondShare !== flipped;
  }
}
