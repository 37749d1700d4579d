import { type ObjectiveCase, objectiveClaims } from '../../../scenarios/check/objective-claims.js';

export { familyOf, pointOf } from '../../../scenarios/check/objective-claims.js';

export interface ContractCase extends ObjectiveCase {
  readonly title: string;
}

/** What every objective promises, whatever computes it. */
export function itKeepsTheContract(subject: ContractCase): void {
  describe(subject.title, () => {
    for (const { title, run } of objectiveClaims(subject)) it(title, run);
  });
}
