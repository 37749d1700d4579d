import { expect } from 'chai';
import fc from 'fast-check';
import { inHex, watched } from '../support/fuzz/crash-watch.js';
import { Lives } from '../support/fuzz/lives.js';
import { histories, perform } from '../support/fuzz/malice.js';
import { record } from '../support/fuzz/record.js';
import { STATES } from '../support/fuzz/turning-member.js';

const INPUTS = Math.ceil(Number(process.env.GRADSWARM_INPUTS ?? 90_000) / 15);
const SEED = Number(process.env.GRADSWARM_SEED ?? 1);
/** Of a history, on the average. */
const DEEDS = 15;
/** A coordinator that hangs is not waited for. */
const HANG_MS = 30_000;

describe(`a member that knows the token and turns, about ${INPUTS} inputs of seed ${SEED}`, function () {
  this.timeout(3_600_000);
  let lives: Lives;
  const rows: string[] = [];

  before(async () => {
    lives = await Lives.open();
  });

  for (const state of STATES)
    it(`when it is ${state}: neither ends nor holds the coordinator`, async () => {
      let inputs = 0;
      let count = 0;
      let kept = 0;
      const property = fc.asyncProperty(histories, async (history) => {
        const life = () =>
          lives.live(state, (reach) => {
            for (const deed of history) perform(deed, reach);
          });
        if (await watched(life, HANG_MS)) kept++;
        count++;
        inputs += history.length;
      });
      const { failed, counterexample, counterexamplePath, errorInstance } = await fc.check(property, {
        seed: SEED,
        numRuns: Math.ceil(INPUTS / STATES.length / DEEDS),
      });
      const failure = `path ${counterexamplePath}: ${inHex(counterexample?.[0])}\n${(errorInstance as Error)?.stack}`;
      expect(failed ? failure : '').to.equal('');
      rows.push(`| member, ${state} | ${inputs} | ${count} | ${kept} |`);
    });

  after(() => record('members', ['| state | inputs | lives | kept the seat |', '| --- | --- | --- | --- |', ...rows]));
});
