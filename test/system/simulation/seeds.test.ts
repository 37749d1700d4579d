import { expect } from 'chai';
import { SessionExplorer } from '../../support/simulation/session-explorer.js';
import { explained } from '../../support/simulation/shrunk.js';

/** After those of `npm test`. */
const FIRST = 200;
const SEEDS = 300;

describe('more whole sessions over a simulated network, clock and disk', () => {
  it(`${SEEDS} seeds from ${FIRST} on: each run ends, with the undisturbed digest and rows`, async () => {
    for (let seed = FIRST; seed < FIRST + SEEDS; seed++) {
      const { failure } = await new SessionExplorer(seed).run();
      if (failure) expect.fail(await explained(seed));
    }
  });
});
