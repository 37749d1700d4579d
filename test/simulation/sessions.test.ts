import { expect } from 'chai';
import { seededRandom } from '../support/seeded-random.js';
import type { Fault, FaultKind } from '../support/simulation/faults.js';
import { PLANTED } from '../support/simulation/planted-bugs.js';
import { type ExplorerOptions, SessionExplorer } from '../support/simulation/session-explorer.js';
import { explained, MOST_FAULTS, shrunk } from '../support/simulation/shrunk.js';

/** The system suite has 300 more, and npm run soak sets more; one seed alone is run again with GRADSWARM_SEED. */
const SEEDS = Number(process.env.GRADSWARM_SEEDS ?? 200);
const ALONE = process.env.GRADSWARM_SEED;

/** More than this says that a kind of fault is missing. */
const ENOUGH = 60;

/** With a client each. */
const MANY_WORKERS = SEEDS > 500 ? 1000 : 100;

/** Connections are cut again and again: what few of the drawn histories do, and some errors need. */
function cuts(seed: number): readonly Fault[] {
  const random = seededRandom(seed);
  return Array.from({ length: MOST_FAULTS }, (_, id) => ({
    id,
    kind: 'cut',
    atMs: 1500 * random(),
    worker: id % 3 === 2 ? null : id % 2,
    ms: 1200 * random(),
    share: random(),
  }));
}

/** The first of so many seeds whose drawn history, or one of cuts alone, fails. */
async function firstFailing(
  seeds: number,
): Promise<{ readonly seed: number; readonly options: ExplorerOptions } | null> {
  for (let seed = 0; seed < seeds; seed++)
    for (const options of [{}, { faults: cuts(seed) }])
      if ((await new SessionExplorer(seed, options).run()).failure !== null) return { seed, options };
  return null;
}

describe('whole sessions over a simulated network, clock and disk', function () {
  this.timeout(120_000 + 500 * SEEDS);

  it(`${ALONE ? `seed ${ALONE}` : `${SEEDS} seeds`} of kills, failures of power, freezes, cuts, silence, delay, duplicates and full disks over every method: each run ends, with the undisturbed digest and rows`, async () => {
    const seeds = ALONE ? [Number(ALONE)] : Array.from({ length: SEEDS }, (_, seed) => seed);
    for (const seed of seeds) {
      const { failure } = await new SessionExplorer(seed).run();
      if (failure) expect.fail(await explained(seed));
    }
  });

  it('a seed is one history: again, with other runs in between, it goes the same way', async () => {
    for (const seed of [3, 26, 47]) {
      const first = await new SessionExplorer(seed).run();
      await new SessionExplorer(seed + 1).run();
      const again = await new SessionExplorer(seed).run();
      expect([again.trace, again.faults, again.notes]).to.deep.equal([first.trace, first.faults, first.notes]);
      expect(first.faults).to.not.be.empty;
    }
  });

  const at = (kind: FaultKind, atMs: number, ms = 0): Fault => ({ id: atMs, kind, atMs, worker: null, ms, share: 0 });

  it('a run that is begun again at the same address, its epochs counted from 1 again, gets workers without what they had', async () => {
    for (const [seed, ms] of [
      [0, 900],
      [1, 1300],
      [3, 1100],
      [8, 900],
    ] as const) {
      const explorer = new SessionExplorer(seed, { method: 'fedavg', faults: [at('another folder', ms)] });
      const { failure, notes } = await explorer.run();
      expect(failure, notes.join('\n')).to.equal(null);
    }
  });

  it('a disk that is full when a worker joins ends the run with one sentence, and it continues when there is room', async () => {
    for (const ms of [300, 600, 900, 1200]) {
      const faults = [at('full disk', ms, 2500), at('kill', ms + 200)];
      const { failure, notes } = await new SessionExplorer(2, { method: 'dgd', faults }).run();
      expect(failure, notes.join('\n')).to.equal(null);
      expect(notes.join('\n')).to.include('no space is left on the disk');
    }
  });

  it('a failure of power leaves every release that a checkpoint has counted', async () => {
    for (const ms of [1130, 1160, 1190]) {
      const faults = [at('power', ms, 300)];
      const { failure, notes } = await new SessionExplorer(3085, { method: 'dp-ftrl', rounds: 12, faults }).run();
      expect(failure, notes.join('\n')).to.equal(null);
    }
  });

  it('meetings of pairs continue after kills, failures of power and cuts in the undisturbed bits and order', async () => {
    for (let seed = 0; seed < 12; seed++) {
      const { failure, notes } = await new SessionExplorer(seed, { method: 'ad-psgd', rounds: 25 }).run();
      expect(failure, `seed ${seed}: ${notes.slice(-20).join('\n')}`).to.equal(null);
    }
  });

  it('a worker whose control connection alone is away for longer than the heartbeat keeps its seat', async () => {
    const away: Fault = { id: 0, kind: 'no control', atMs: 900, worker: 1, ms: 5000, share: 0 };
    const explorer = new SessionExplorer(5, { method: 'scaffold', rounds: 150, faults: [away] });
    const { failure, notes, elapsedMs } = await explorer.run();
    expect(failure).to.equal(null);
    expect(elapsedMs).to.be.above(900 + 3000);
    expect(notes.join('\n')).to.not.include('was lost');
  });

  it(`${MANY_WORKERS} workers join and one is killed and replaced: the undisturbed digest, at most 400 steps of the simulation for each`, async () => {
    const options = { method: 'fedavg', workers: MANY_WORKERS, faults: [{ ...at('kill', 2000), worker: 7 }] };
    const { failure, notes, tasks } = await new SessionExplorer(0, options).run();
    expect(failure, notes.slice(-40).join('\n')).to.equal(null);
    expect(tasks / MANY_WORKERS).to.be.below(400);
  });

  for (const [bug, plant] of Object.entries(PLANTED))
    it(`finds ${bug}`, async () => {
      const repair = plant();
      try {
        const found = await firstFailing(ENOUGH);
        expect(found, `${ENOUGH} seeds without it`).to.not.equal(null);
        const { failure, faults } = await shrunk(found!.seed, found!.options);
        console.log(
          `      planted error found by seed ${found!.seed}: ${failure?.split('\n')[0]?.slice(0, 120)}; ${faults.length} faults`,
        );
      } finally {
        repair();
      }
    });
});
