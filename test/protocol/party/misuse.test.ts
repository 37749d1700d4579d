import { expect } from 'chai';
import { resolveTiny } from '../../../scenarios/check/parts/tiny-problems.js';
import { runTiny } from '../../../scenarios/check/parts/tiny-run.js';
import {
  type LooseHalf,
  SMALL_KINDS,
  smallMethod,
  updateClient,
  updateCoordinator,
} from '../../support/small-methods.js';

/** The types forbid all this; a method that was not compiled against them meets the same errors when it runs. */
describe('a half that breaks the rules of its mailbox fails with the rule', () => {
  async function errorOf(client: LooseHalf, coordinator: LooseHalf = updateCoordinator): Promise<string> {
    const method = smallMethod(SMALL_KINDS, client, coordinator);
    const scenario = await resolveTiny(method, { objective: { name: 'quadratic', dimension: 2 }, rounds: 1 });
    return runTiny(scenario, method).then(
      () => 'no error',
      (error: Error) => error.message,
    );
  }
  const coordinator =
    (first: (at: never) => unknown): LooseHalf =>
    async (state, at) => {
      await first(at as never);
      return updateCoordinator(state, at);
    };
  const client =
    (first: (at: never) => unknown): LooseHalf =>
    async (state, at) => {
      if (at.self === 3) await first(at as never);
      return updateClient(state, at);
    };
  // biome-ignore lint/suspicious/noExplicitAny: what is posted here does not fit any type.
  type Any = any;

  const claims: readonly (readonly [string, () => Promise<string>, string])[] = [
    [
      'posts a kind of the other side',
      () => errorOf(client((at: Any) => at.post('model', 'coordinator', {}))),
      "client 3 of 'small' cannot send 'model': only the other side may",
    ],
    [
      'posts a kind that is not declared',
      () => errorOf(client((at: Any) => at.post('modle', 'coordinator', {}))),
      "client 3 of 'small' expected a kind of message that the method declares, got 'modle'",
    ],
    [
      'takes a kind of its own',
      () => errorOf(client((at: Any) => at.take('update'))),
      "client 3 of 'small' cannot receive 'update': it is not addressed to this side",
    ],
    [
      'streams a kind of its own',
      () =>
        errorOf(
          updateClient,
          coordinator((at: Any) => at.stream('model')),
        ),
      "the coordinator half of 'small' cannot receive 'model': it is not addressed to this side",
    ],
    [
      'names a receiver twice in a post',
      () =>
        errorOf(
          updateClient,
          coordinator((at: Any) => at.post('model', [1, 1], { params: at.zeros() })),
        ),
      "posted 'model' to the same receiver twice; use postEach",
    ],
    [
      'posts to a party that is no receiver',
      () =>
        errorOf(
          updateClient,
          coordinator((at: Any) => at.post('model', [1, 6], { params: at.zeros() })),
        ),
      "'model': expected one of",
    ],
    [
      'leaves out a field',
      () => errorOf(client((at: Any) => at.post('update', 'coordinator', { delta: at.zeros() }))),
      "kind 'update': missing field examples",
    ],
    [
      'misspells a field',
      () => errorOf(client((at: Any) => at.post('update', 'coordinator', { dleta: at.zeros(), examples: 1 }))),
      "kind 'update': expected the fields delta, examples, got 'dleta'",
    ],
  ];
  for (const [what, run, expected] of claims)
    it(`when it ${what}`, async () => {
      const message = await run();
      expect(message).to.match(/^ERR_PAYLOAD: /);
      expect(message).to.include(expected);
    });

  it('and what it throws itself names the round and the party', async () => {
    const message = await errorOf(client(() => Promise.reject(new Error('no such tensor'))));
    expect(message).to.equal("ERR_HALF_FAILED: round 0: client 3 of 'small' threw: no such tensor");
  });
});
