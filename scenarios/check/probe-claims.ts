import type { ProbeFamily } from '../../protocol/probe.js';
import type { ScenarioInput } from '../../protocol/scenario/input.js';
import { type Claim, claim, ensure, ensureEqual, ensureSameBits, once } from './claim.js';
import { smallRun } from './run-claims.js';

/** The contract of a probe: it changes nothing, and fills the columns that it states with finite numbers. */
export function probeClaims({ measures }: ProbeFamily, input: Partial<ScenarioInput>): readonly Claim[] {
  const probed = once(() => smallRun(input));
  const plain = once(() => smallRun({ ...input, measure: [] }));
  return [
    claim('changes nothing: a run with it has the bits and bytes of one without', async () => {
      const [one, other] = [await probed(), await plain()];
      ensureSameBits(one.digest, other.digest, ' of a run that is measured');
      ensureEqual(one.result.bytes, other.result.bytes, 'bytes sent');
    }),
    claim('measures finite numbers, in the columns that it states', async () => {
      const known = new Set((await plain()).rows.flatMap(({ extra }) => Object.keys(extra)));
      const own = (await probed()).rows.flatMap(({ round, extra }) =>
        Object.entries(extra).flatMap(([name, value]) => (known.has(name) ? [] : [{ round, name, value }])),
      );
      ensure(own.length > 0, 'expected columns of its own in metrics.csv, got none');
      for (const { round, name, value } of own) {
        ensure(Number.isFinite(value), `round ${round}: ${name}: expected a finite number, got ${value}`);
        const isStated = measures?.some((stated) =>
          stated.endsWith('*') ? name.startsWith(stated.slice(0, -1)) : stated === name,
        );
        ensure(isStated !== false, `round ${round}: expected columns among ${measures?.join(', ')}, got '${name}'`);
      }
    }),
  ];
}
