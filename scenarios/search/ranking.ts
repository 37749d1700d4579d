import type { Json } from '../../protocol/scenario/scenario.js';
import type { RunOutcome } from '../run/run.js';
import type { Trial } from './plan.js';

/** Figures of the printed result that a search can rank by. */
export const GOAL_FIGURES = [
  'finalLoss',
  'finalAccuracy',
  'finalConsensusError',
  'finalEpsilon',
  'best',
  'bytesUp',
  'bytesDown',
  'bytesPeer',
  'simulatedMs',
] as const;

export interface Goal {
  readonly figure: (typeof GOAL_FIGURES)[number];
  readonly best: 'max' | 'min';
}

/** A trial with its mean over the seeds; null: some seed has no finite figure, as where learning diverged. */
export interface Ranked {
  readonly values: Trial;
  readonly score: number | null;
  /** One a seed. */
  readonly scores: readonly (number | null)[];
}

/** What the runs of a search cost together. */
export interface SearchCost {
  readonly runs: number;
  readonly rounds: number;
  readonly bytes: number;
  readonly simulatedMs: number;
  /**
   * What all runs released together, by basic composition. `private`: false where some run's noise is none or can be computed from
   * the seed. Null: no run counts privacy.
   */
  readonly privacy: {
    readonly epsilon: number | 'Infinity';
    readonly delta: number;
    readonly private: boolean;
  } | null;
}

/** Best first; trials without a score last, in the order in which they were drawn. `outcomes`: by trial, then by seed. */
export function ranked(
  trials: readonly Trial[],
  outcomes: readonly (readonly RunOutcome[])[],
  { figure, best }: Goal,
): Ranked[] {
  const sign = best === 'max' ? -1 : 1;
  return trials
    .map((values, i): Ranked => {
      const scores = outcomes[i]!.map(({ summary }) => finite(summary[figure]));
      const score = scores.includes(null) ? null : scores.reduce<number>((sum, one) => sum + one!, 0) / scores.length;
      return { values, score, scores };
    })
    .sort((a, b) =>
      a.score === null || b.score === null
        ? Number(a.score === null) - Number(b.score === null)
        : sign * (a.score - b.score),
    );
}

/** `delta`: of one run. */
export function costOf(outcomes: readonly RunOutcome[], delta: number): SearchCost {
  const sum = (figure: string) => outcomes.reduce((all, { summary }) => all + (finite(summary[figure]) ?? 0), 0);
  const counted = outcomes.map(({ summary }) => summary).filter((summary) => summary.private !== undefined);
  const epsilon = counted.reduce((all, { finalEpsilon }) => all + Number(finalEpsilon ?? Number.POSITIVE_INFINITY), 0);
  return {
    runs: outcomes.length,
    rounds: sum('rounds'),
    bytes: sum('bytesUp') + sum('bytesDown') + sum('bytesPeer'),
    simulatedMs: sum('simulatedMs'),
    privacy:
      counted.length === 0
        ? null
        : {
            epsilon: Number.isFinite(epsilon) ? epsilon : 'Infinity',
            delta: Math.min(1, counted.length * delta),
            private: counted.every((summary) => summary.private === true),
          },
  };
}

function finite(value: Json | undefined): number | null {
  return typeof value === 'number' && Number.isFinite(value) ? value : null;
}
