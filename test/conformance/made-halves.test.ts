import { expect } from 'chai';
import { type AnyMethod, makeHalves, type RunConstants } from '../../protocol/method.js';
import { loadMethod } from '../../protocol/method-loader.js';
import { withCoordinatorHalf } from '../../scenarios/check/parts/changed-halves.js';
import { localPlacement } from '../../scenarios/check/parts/placements.js';
import { runTiny } from '../../scenarios/check/parts/tiny-run.js';
import { parityProblem } from '../support/tiny-needs.js';

/** The other form of a method: halves that a function makes, where they are given, and the reverse. */
function inOtherForm(method: AnyMethod, run: RunConstants<unknown>): AnyMethod {
  const made = makeHalves(method, run);
  return {
    ...method,
    client: typeof method.client === 'function' ? made.client : () => made.client,
    ...(method.coordinator && {
      coordinator: typeof method.coordinator === 'function' ? made.coordinator! : () => made.coordinator!,
    }),
  };
}

describe('halves that are made from the constants of a run', () => {
  for (const name of ['scaffold', 'diff2', 'dgd'])
    it(`${name}: both forms have the same bits, in one process and with frames shuffled`, async () => {
      const method = await loadMethod(name);
      const scenario = await parityProblem(method, 'float64');
      const { name: _, ...hyperparameters } = scenario.method;
      const { digest } = await runTiny(scenario, method);
      const run = { hyperparameters, segments: [], parameterCount: 7, clientCount: scenario.clients };
      for (const placement of [localPlacement('fast', 'fast', null), localPlacement('shuffled', 'checking', 5)])
        expect((await runTiny(scenario, inOtherForm(method, run), { placement })).digest).to.equal(digest);
    });

  it('are made once a process and side, with complete settings and the shape of the model', async () => {
    const method = await loadMethod('scaffold');
    const scenario = await parityProblem(method, 'float64');
    const seen: RunConstants<unknown>[] = [];
    const watched: AnyMethod = {
      ...method,
      client: (run) => {
        seen.push(run);
        return makeHalves(method, run).client;
      },
    };
    await runTiny(scenario, watched);
    expect(seen).to.have.length(1);
    const [{ hyperparameters, parameterCount, clientCount }] = seen as [RunConstants<object>];
    expect([parameterCount, clientCount]).to.deep.equal([7, scenario.clients]);
    expect(hyperparameters).to.have.all.keys(Object.keys(method.settings.defaults));
  });

  it('planted: a half that keeps something of its own from round to round is seen by a resumed run', async () => {
    const scaffold = await loadMethod('scaffold');
    let rounds = 0;
    const remembering = withCoordinatorHalf(scaffold, (half) => ({
      ...half,
      async round(state, at) {
        rounds++;
        const next = await half.round(state, at);
        return { ...next, params: next.params.map((x: number) => x + 1e-3 * rounds) };
      },
    }));
    const scenario = await parityProblem(remembering, 'float64');
    const reference = await runTiny(scenario, remembering);
    const resumed = await runTiny(scenario, remembering, { from: reference.snapshots[0]! });
    expect(resumed.digest).to.not.equal(reference.digest);
  });
});
