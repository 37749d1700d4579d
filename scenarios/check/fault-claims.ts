import type { ScenarioInput } from '../../protocol/scenario/input.js';
import { type Claim, claim, ensure, ensureSameBits } from './claim.js';
import { smallRun } from './run-claims.js';

type Spec = { readonly name: string; readonly [setting: string]: unknown };

/** The contract of a fault: it acts in the rounds from `from` to `until`, and in no other. */
export function faultClaims({ name, ...settings }: Spec, input: Partial<ScenarioInput>): readonly Claim[] {
  const withRule = (times: object) =>
    smallRun({ ...input, faults: [{ fault: name, ...settings, ...times }] } as Partial<ScenarioInput>);
  const plain = () => smallRun({ ...input, faults: [] });
  return [
    claim('acts: a run with it differs from one without, in bits, bytes, times or figures', async () => {
      const [one, other] = [await withRule({}), await plain()];
      ensure(
        differs(one, other),
        'expected a run that the rule changes, got the one without it',
        'it may have no method that is called, or settings under which nothing happens in 6 rounds of 6 clients: export them as contract.settings',
      );
    }),
    claim('does nothing before its first round', async () => {
      const [one, other] = [await withRule({ from: 1000, until: null }), await plain()];
      ensureSameBits(one.digest, other.digest, ' of 6 rounds under a rule from round 1000');
      ensure(
        !differs(one, other),
        'expected the times and figures of a run without the rule, of 6 rounds under one from round 1000, got others',
        'every method must look at the round: round >= from && (until === null || round < until)',
      );
    }),
  ];
}

type Run = Awaited<ReturnType<typeof smallRun>>;

function differs(one: Run, other: Run): boolean {
  const parts = ({ digest, rows, result, absences }: Run) =>
    JSON.stringify([
      digest,
      result.bytes,
      result.simulatedMs,
      rows.map(({ loss, simulatedMs }) => [loss, simulatedMs]),
      absences,
    ]);
  return parts(one) !== parts(other);
}
