import { monotoneOnRandomPlans } from '../../support/random-plans.js';

describe('protocol/privacy/accounting/loss-distribution, many plans', () => {
  it('epsilon falls in delta and z and grows in steps and q, on 15 random plans of each of two seeds', () => {
    monotoneOnRandomPlans(15, 41);
    monotoneOnRandomPlans(15, 42);
  });
});
