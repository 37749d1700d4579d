import { expect } from 'chai';
import type { Objective } from '../../../protocol/method.js';
import { localPlacement } from '../../../scenarios/check/parts/placements.js';
import { resolveTiny } from '../../../scenarios/check/parts/tiny-problems.js';
import { runTiny } from '../../../scenarios/check/parts/tiny-run.js';
import { openProblem } from '../../../worker/problem.js';
import { SMALL_KINDS, smallMethod, updateClient, updateCoordinator } from '../../support/small-methods.js';

const quadratic = { objective: { name: 'quadratic', dimension: 3, initialValue: 1 } };
const placements = [
  localPlacement('fast', 'fast'),
  localPlacement('checking', 'checking'),
  ...[1, 2, 3].map((seed) => localPlacement(`shuffled, seed ${seed}`, 'fast', seed)),
];

for (const placement of placements)
  describe(`a run in which all parties wait for each other (${placement.name})`, () => {
    const message = async (method: ReturnType<typeof smallMethod>, more: object = {}) => {
      const scenario = await resolveTiny(method, { ...quadratic, ...more });
      return runTiny(scenario, method, { placement }).then(
        () => 'no error',
        (error: Error) => error.message,
      );
    };

    it('ends at once with who waits for what from whom', async () => {
      const method = smallMethod(SMALL_KINDS, updateClient, async (state, at) => {
        if (at.index !== 7) return updateCoordinator(state, at);
        await at.take('update');
        return {};
      });
      const text = await message(method);
      expect(text.split('; ').sort()).to.deep.equal(
        [
          "ERR_DEADLOCK: round 7: clients 0-5 wait for 'model' from coordinator",
          "coordinator waits for 'update' from clients 0-5",
        ]
          .join('; ')
          .split('; ')
          .sort(),
      );
    });

    it('names the one client that waits, and the step', async () => {
      const method = smallMethod(
        SMALL_KINDS,
        async (state, at) => {
          if (at.self === 3 && at.index === 2) {
            await at.take('model');
            await at.take('model');
          }
          return updateClient(state, at);
        },
        updateCoordinator,
      );
      const text = await message(method);
      expect(text).to.match(/^ERR_DEADLOCK: round 2: /);
      expect(text).to.include("client 3 waits for 'model' step 1 from coordinator");
      expect(text).to.include("coordinator waits for 'update' from client 3");
    });

    it('is found among peers, where each waits for what the others send only after it', async () => {
      const kinds = { word: { from: 'clients', to: 'peers', vectors: ['x'] } } as const;
      const method = smallMethod(kinds, async ({ x }, at) => {
        await at.take('word');
        at.post('word', at.links.outNeighbors, { x });
        return {};
      });
      const text = await message(method, { topology: 'ring' });
      expect(text).to.match(/^ERR_DEADLOCK: round 0: /);
      expect(text).to.include("client 2 waits for 'word' from clients 1-3");
    });

    it('is a cycle too when a kind that is sealed only at return is awaited before an answer', async () => {
      const kinds = { ...SMALL_KINDS, extra: { from: 'coordinator', to: 'cohort', scalars: ['x'] } } as const;
      const method = smallMethod(
        kinds,
        async (state, at) => {
          await at.take('extra');
          return updateClient(state, at);
        },
        updateCoordinator,
      );
      expect(await message(method)).to.include("clients 0-5 wait for 'extra' from coordinator");
    });

    it('is none while a device computes: its answer may come by promise, later', async () => {
      const method = smallMethod(SMALL_KINDS, updateClient, updateCoordinator);
      const scenario = await resolveTiny(method, { ...quadratic, rounds: 2 });
      const problem = await openProblem(scenario);
      const slow = (objective: Objective): Objective =>
        Object.assign(Object.create(objective), {
          gradient: (...args: Parameters<Objective['gradient']>) =>
            new Promise((resolve) => setTimeout(() => resolve(objective.gradient(...args)), 2)),
        });
      const delayed = { ...problem, objectiveOf: (client: number) => slow(problem.objectiveOf(client)) };
      const { digest } = await runTiny(scenario, method, { placement, problem: delayed });
      expect(digest).to.equal((await runTiny(scenario, method)).digest);
    });
  });
