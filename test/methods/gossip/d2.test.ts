import { exactFirstOrderClaims, STEP, sums } from '../../support/exact-first-order.js';
import { mixed } from '../../support/peer-vectors.js';

describe('d2', () => {
  // Eigenvalues above -1/3 are needed: the even ring with weights 1/3 has one that is exactly there.
  exactFirstOrderClaims('d2', { name: 'ring', lazy: true }, (w, x, g, old) =>
    old ? mixed(w, sums([2, x], [-1, old.x], [-STEP, g], [STEP, old.g])) : mixed(w, sums([1, x], [-STEP, g])),
  );
});
