import { expect } from 'chai';
import fc from 'fast-check';
import { coordinatorHistories, peerHistories, performAsCoordinator } from '../support/fuzz/coordinator-malice.js';
import { inHex, watched } from '../support/fuzz/crash-watch.js';
import { record } from '../support/fuzz/record.js';
import { fateOfWorker, WORKER_STATES } from '../support/fuzz/turning-coordinator.js';

const INPUTS = Math.ceil(Number(process.env.GRADSWARM_INPUTS ?? 90_000) / 15);
const SEED = Number(process.env.GRADSWARM_SEED ?? 1);
/** Of a history, on the average. */
const DEEDS = 15;
/** A worker that hangs is not waited for. */
const HANG_MS = 30_000;

describe(`a worker whose coordinator or peer turns, about ${INPUTS} inputs of seed ${SEED}`, function () {
  this.timeout(3_600_000);
  const rows: string[] = [];

  for (const state of WORKER_STATES)
    it(`when it is ${state}: it ends with a code of its own, and neither crashes nor hangs`, async () => {
      let inputs = 0;
      const fates = new Map<string, number>();
      const histories = state.endsWith('peer') ? peerHistories : coordinatorHistories;
      const property = fc.asyncProperty(histories, async (history) => {
        const life = () =>
          fateOfWorker(state, (lines) => {
            for (const deed of history) performAsCoordinator(deed, lines);
          });
        const fate = await watched(life, HANG_MS);
        fates.set(fate, (fates.get(fate) ?? 0) + 1);
        inputs += history.length;
      });
      const { failed, counterexample, counterexamplePath, errorInstance } = await fc.check(property, {
        seed: SEED,
        numRuns: Math.ceil(INPUTS / WORKER_STATES.length / DEEDS),
      });
      const failure = `path ${counterexamplePath}: ${inHex(counterexample?.[0])}\n${(errorInstance as Error)?.stack}`;
      expect(failed ? failure : '').to.equal('');
      const lives = [...fates.values()].reduce((sum, count) => sum + count, 0);
      const shown = [...fates].sort().map(([fate, count]) => `${fate} ${count}`);
      rows.push(`| worker, ${state} | ${inputs} | ${lives} | ${shown.join(', ')} |`);
    });

  after(() => record('workers', ['| state | inputs | lives | how it ended |', '| --- | --- | --- | --- |', ...rows]));
});
