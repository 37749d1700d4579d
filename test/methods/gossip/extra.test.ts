import { exactFirstOrderClaims, lazy, STEP, sums } from '../../support/exact-first-order.js';
import { mixed } from '../../support/peer-vectors.js';

describe('extra', () => {
  exactFirstOrderClaims('extra', { name: 'ring', lazy: false }, (w, x, g, old) =>
    old
      ? sums([1, x], [1, mixed(w, x)], [-1, mixed(lazy(w), old.x)], [-STEP, g], [STEP, old.g])
      : sums([1, mixed(w, x)], [-STEP, g]),
  );
});
