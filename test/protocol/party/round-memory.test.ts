import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { expect } from 'chai';
import { localPlacement } from '../../../scenarios/check/parts/placements.js';
import { resolveTiny } from '../../../scenarios/check/parts/tiny-problems.js';
import { runTiny } from '../../../scenarios/check/parts/tiny-run.js';
import { smallMethod } from '../../support/small-methods.js';

const KINDS = {
  model: { from: 'coordinator', to: 'cohort', vectors: ['params'] },
  update: { from: 'clients', to: 'coordinator', vectors: ['gradient'] },
} as const;

describe('memory of clients', () => {
  it('holds nothing of the rounds that are over: of 20 clients, two a round, all that computed up to the third have let go in the fifth', async () => {
    setFlagsFromString('--expose-gc');
    const collectGarbage = runInNewContext('gc') as () => void;
    const rounds: { readonly index: number; readonly ref: WeakRef<object> }[] = [];
    const alive: number[] = [];
    const method = smallMethod(
      KINDS,
      async (state, at) => {
        rounds.push({ index: at.index, ref: new WeakRef(at) });
        const [model] = await at.take('model');
        const batch = Uint32Array.from({ length: at.objective.exampleCount }, (_, i) => i);
        at.post('update', 'coordinator', { gradient: await at.objective.gradient(model!.params, batch) });
        return state;
      },
      async (state, at) => {
        if (at.index === 4) {
          const known = () => rounds.filter(({ index, ref }) => index <= 2 && ref.deref()).map(({ index }) => index);
          // What an earlier collection has begun, and frames that are left, may hold some for a moment.
          for (let collections = 0; collections === 0 || (known().length > 0 && collections < 10); collections++) {
            await new Promise(setImmediate);
            collectGarbage();
            await new Promise(setImmediate);
          }
          alive.push(...known());
        }
        at.post('model', at.cohort, { params: state.x });
        await at.take('update');
        return state;
      },
    );
    const scenario = await resolveTiny(method, {
      objective: { name: 'quadratic', dimension: 3 },
      data: 'none',
      clients: 20,
      rounds: 5,
      participation: { cohort: 2 },
    });
    await runTiny(scenario, method, { placement: localPlacement('one process', 'fast') });
    expect(rounds).to.have.length(10);
    expect(alive).to.deep.equal([]);
  });
});
