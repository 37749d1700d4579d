import { type Case, Failed, NotApplicable, NotReached, type Verdict } from './case.js';

/** What became of one case. */
export interface Result {
  readonly id: string;
  readonly title: string;
  readonly section: string;
  readonly verdict: Verdict;
  /** Of a failure. */
  readonly expected?: string;
  readonly got?: string;
  readonly why?: string;
  /** Why it is not applicable, or inconclusive. */
  readonly reason?: string;
  readonly ms: number;
}

/** Where a case is played: opened for it alone, and closed after it. */
export interface StageMaker<Stage> {
  open(): Promise<Stage>;
  close(stage: Stage): Promise<void>;
}

/** A case that hangs is inconclusive. */
const CASE_MS = 120_000;

/** Plays cases, `jobs` at a time, and hands each result on in the order of the cases. */
export async function judge<Stage>(
  cases: readonly Case<Stage>[],
  maker: StageMaker<Stage>,
  jobs: number,
  onResult: (result: Result) => void,
): Promise<readonly Result[]> {
  const results: (Result | undefined)[] = new Array(cases.length).fill(undefined);
  let next = 0;
  let shown = 0;
  const work = async (): Promise<void> => {
    while (next < cases.length) {
      const at = next++;
      results[at] = await played(cases[at]!, maker);
      for (; results[shown]; shown++) onResult(results[shown]!);
    }
  };
  await Promise.all(Array.from({ length: Math.min(jobs, cases.length) }, work));
  return results as Result[];
}

async function played<Stage>(tried: Case<Stage>, maker: StageMaker<Stage>): Promise<Result> {
  const { id, title, section } = tried;
  const startedMs = performance.now();
  const result = (verdict: Verdict, more: Partial<Result> = {}): Result => {
    return { id, title, section, verdict, ...more, ms: Math.round(performance.now() - startedMs) };
  };
  let stage: Stage | null = null;
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => reject(new NotReached(`the case was not over after ${CASE_MS} ms`)), CASE_MS);
  });
  try {
    stage = await maker.open();
    await Promise.race([tried.run(stage), late]);
    return result('pass');
  } catch (error) {
    if (error instanceof Failed) {
      const { expected, got, why } = error;
      return result('fail', { expected, got, why });
    }
    if (error instanceof NotApplicable) return result('not applicable', { reason: error.message });
    const known = error instanceof NotReached;
    return result('inconclusive', { reason: known ? error.message : `the kit itself: ${(error as Error).stack}` });
  } finally {
    clearTimeout(timer);
    if (stage) await maker.close(stage);
  }
}

export function countsOf(results: readonly Result[]): Readonly<Record<Verdict, number>> {
  const counts = { pass: 0, fail: 0, 'not applicable': 0, inconclusive: 0 };
  for (const { verdict } of results) counts[verdict]++;
  return counts;
}
