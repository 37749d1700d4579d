import type { ExpectationFamily, RunRecord } from '../../protocol/scenario/expectation.js';
import { type Claim, claim, ensure, ensureEqual, once } from './claim.js';
import { openSmallRun, smallRun } from './run-claims.js';

/** The contract of an expectation: a finding for any record, also an empty one, the same each time, and the record stays as it is. */
export function expectationClaims(family: ExpectationFamily, settings: object): readonly Claim[] {
  const record = once(async (): Promise<RunRecord> => {
    const [{ scenario }, { rows, digest }] = [await openSmallRun({}), await smallRun({})];
    const last = rows.at(-1)!;
    const summary = { finalLoss: last.loss, finalAccuracy: last.accuracy, rounds: rows.length };
    return { scenario, rows, summary, faultsFired: [], stateDigest: digest };
  });
  const judged = (records: readonly RunRecord[]) => {
    const { name, ...given } = settings as { readonly name?: string };
    return family.judge(records, family.settings.parse(family.name, given) as Readonly<Record<string, unknown>>);
  };
  return [
    claim(
      'finds true, false or unknown, the value that decided, and a sentence, of one run and of several',
      async () => {
        const one = await record();
        for (const records of [[one], [one, { ...one, point: { seed: 12 } }]])
          expectFinding(judged(records), 'finding');
      },
    ),
    claim('of a run without evaluated rounds or figures it finds something too, and does not throw', async () => {
      const one = await record();
      const rows = one.rows.map((row) => ({ ...row, loss: null, accuracy: null, extra: {} }));
      for (const empty of [
        { ...one, rows: [], summary: {} },
        { ...one, rows, summary: {} },
      ])
        expectFinding(judged([empty]), 'finding');
      expectFinding(judged([]), 'finding of no record');
    }),
    claim('finds the same again, and changes nothing in the record', async () => {
      const one = await record();
      const before = structuredClone([one.rows, one.summary, one.faultsFired]);
      const first = judged([one]);
      for (let again = 0; again < 5; again++) ensureEqual(judged([one]), first, 'finding of the same record');
      ensureEqual([one.rows, one.summary, one.faultsFired], before, 'rows, summary and faultsFired afterwards');
    }),
  ];
}

function expectFinding(finding: unknown, what: string): void {
  ensure(
    typeof finding === 'object' && finding !== null,
    `${what}: expected { holds, observed, detail }, got ${finding}`,
  );
  const { holds, observed, detail } = finding as Readonly<Record<string, unknown>>;
  ensure(
    [true, false, 'unknown'].includes(holds as never),
    `${what}.holds: expected true, false or 'unknown', got ${holds}`,
  );
  const isPlain = observed === null || typeof observed === 'string' || typeof observed === 'number';
  ensure(isPlain && !Number.isNaN(observed), `${what}.observed: expected a number, a text or null, got ${observed}`);
  ensure(
    typeof detail === 'string' && detail.trim() !== '' && !detail.includes('\n'),
    `${what}.detail: expected one sentence, got '${detail}'`,
  );
}
