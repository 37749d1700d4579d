import { exactFirstOrderClaims, lazy, STEP, sums } from '../../support/exact-first-order.js';
import { mixed } from '../../support/peer-vectors.js';

describe('exact-diffusion', () => {
  exactFirstOrderClaims('exact-diffusion', { name: 'ring', lazy: false }, (w, x, g, old) =>
    old
      ? mixed(lazy(w), sums([2, x], [-1, old.x], [-STEP, g], [STEP, old.g]))
      : mixed(lazy(w), sums([1, x], [-STEP, g])),
  );
});
