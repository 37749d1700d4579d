import { NotApplicable } from '../../case.js';
import type { Member } from '../../script/member.js';

/** A case of the run with this clock; the other run is judged without it. */
export function onlyUnder(clock: 'virtual' | 'wall', { assign }: Member): void {
  if (assign.scenario.clock !== clock)
    throw new NotApplicable(
      `the run has the ${assign.scenario.clock} clock: see 'conformance scenario --clock ${clock}'`,
    );
}
